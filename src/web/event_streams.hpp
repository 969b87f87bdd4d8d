// GET /events: what happens in the daemon, as Server-Sent Events. Loop thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "daemon/event_log.hpp"
#include "daemon/server.hpp"
#include "io/timer.hpp"
#include "web/conversation.hpp"

namespace hearth::web {

class EventStreams final {
 public:
  EventStreams(daemon::Server& server, daemon::EventLog& log);
  ~EventStreams();
  EventStreams(const EventStreams&) = delete;
  EventStreams& operator=(const EventStreams&) = delete;

  // Answers with the events that are kept after the one that the header Last-Event-ID or the
  // parameter `since` names, of the kinds in the parameter `kinds` (comma-separated), and goes on
  // as fast as the client reads.
  void open(const Request& request, const std::shared_ptr<Answer>& answer);
  // The daemon leaves.
  void end_all();
  [[nodiscard]] std::size_t size() const { return streams_.size(); }

 private:
  class Stream;
  void keep_alive();

  daemon::Server& server_;
  daemon::EventLog& log_;
  std::map<std::uint64_t, std::unique_ptr<Stream>> streams_;
  std::uint64_t next_ = 0;
  io::Timer timer_;
};

}  // namespace hearth::web
