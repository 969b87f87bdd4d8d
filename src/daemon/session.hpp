// One connection: bytes in, messages to the MCP session or the control methods, bytes out.
//
// Lives in the coroutine frame of Server::serve; the server's table and everybody else hold a
// pointer only while it is listed there. Loop thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "daemon/budget.hpp"
#include "daemon/event_feed.hpp"
#include "daemon/terminal.hpp"
#include "io/task.hpp"
#include "io/timer.hpp"
#include "io/watch.hpp"
#include "ipc/frame.hpp"
#include "ipc/hello.hpp"
#include "ipc/socket.hpp"
#include "mcp/session.hpp"

namespace hearth::daemon {

class Server;

class Session final : private mcp::MessageSink, private EventReader {
 public:
  Session(Server& server, UniqueFd socket, ipc::PeerCredentials peer);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Greets, then serves until the client goes, misbehaves or the daemon leaves.
  [[nodiscard]] io::Task run();

  // Sends one message; it leaves at the end of the present batch.
  void send(std::string_view message) { send(message, ""); }
  void send(std::string_view message, std::string_view about) override;
  // Tells the client that the daemon leaves (`reason`: "stop", "idle", "retire"), finishes what is
  // in flight, closes.
  void drain(std::string_view reason);
  // Answers what is in flight with `error`, then closes.
  void abandon(const Error& error);
  // Closes as soon as what is queued has been sent.
  void close_when_sent();
  void close_now(std::string_view why);
  void replace(std::string_view message, std::string_view about);

  // Sends the events after number `since` until the session ends, as fast as the client reads.
  void follow(EventLog& events, EventFilter filter, std::uint64_t since);

  [[nodiscard]] bool is_greeted() const { return mcp_ != nullptr; }
  [[nodiscard]] const mcp::Session& mcp() const { return *mcp_; }
  [[nodiscard]] const ipc::Welcome& welcome() const { return welcome_; }
  [[nodiscard]] std::size_t queued_bytes() const { return out_.size() - sent_; }
  [[nodiscard]] std::size_t in_flight() const { return mcp_ ? mcp_->in_flight() : 0; }
  [[nodiscard]] WallTime opened() const { return opened_; }
  // Which person says what came last, when it is the process that connected who says it, in answer
  // to `challenge`, the welcome's, and it is a person's since before that was made (terminal.hpp).
  [[nodiscard]] Result<std::string> person(std::string_view challenge) const;
  // For answers that come later: empty once the session has gone.
  [[nodiscard]] std::weak_ptr<Session*> handle() const { return self_; }

 private:
  // mcp::MessageSink, EventReader
  [[nodiscard]] bool is_congested() const override;
  void request_began(std::size_t bytes) override;
  void request_ended(std::size_t bytes) override;
  void take(const EventRecord& event) override;
  void missed(std::uint64_t count) override;

  [[nodiscard]] io::Task serve_messages();
  [[nodiscard]] io::Task hold_requests();
  [[nodiscard]] bool read(std::size_t most);
  [[nodiscard]] bool handle_next();
  void handle(std::string_view message);
  [[nodiscard]] bool greet(std::string_view message);
  void admit(ipc::Greeting greeting);
  void flush();
  void wait_writable();
  void account();
  void watch_for_stall();

  const std::shared_ptr<Session*> self_ = std::make_shared<Session*>(this);  // shared by no one
  Server& server_;
  UniqueFd socket_;  // -1 once closed
  io::Watch watch_;
  const ipc::PeerCredentials peer_;
  const WallTime opened_;
  ipc::FrameReader reader_;
  ipc::Welcome welcome_;
  std::unique_ptr<mcp::Session> mcp_;  // null until greeted
  RunningProgram greeted_;             // of the process that connected, when it was greeted
  bool is_shared_ = false;             // since then somebody else has written, too
  std::optional<EventFeed> following_;
  ByteBudget::Share share_;
  std::string out_;  // framed answers; sent_ bytes of it have left
  std::size_t sent_ = 0;
  std::size_t requests_ = 0;  // bytes of the requests in flight
  bool is_batching_ = false;  // a batch of requests is being handled: answers leave together
  bool is_writing_ = false;   // waiting for the client to read
  bool is_paused_ = false;    // reading waits for room in the budget
  bool is_closing_ = false;   // when all is sent
  bool is_draining_ = false;
  io::Timer stall_timer_;
  bool is_watching_ = false;
  MonotonicTime last_progress_{};
};

}  // namespace hearth::daemon
