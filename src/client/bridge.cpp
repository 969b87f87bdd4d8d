#include "client/bridge.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <utility>
#include <vector>

#include "base/file_lock.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "ipc/socket.hpp"
#include "json/envelope.hpp"

namespace hearth::client {
namespace {

// A request that was on its way during this many daemon deaths is answered instead of sent again.
constexpr int most_attempts = 8;
// What a call's key adds to its frame.
constexpr std::size_t room_for_key = 128;
// Reading pauses while this much waits to be written on the other side.
constexpr std::size_t most_queued = std::size_t{4} << 20;
// After the end of input, answers still under way are waited for this long.
constexpr auto farewell = std::chrono::seconds(5);
// How often a session that may only read asks whether the owner of the stores has left.
constexpr auto look_interval = std::chrono::seconds(2);
constexpr std::string_view subscription_id = "io.modelcontextprotocol/subscriptionId";
constexpr std::string_view replay_id = "\"hearth-bridge-replay\"";

// Standard output or the socket, with what waits for it.
class Outlet {
 public:
  // A pipe takes at least this much without blocking once poll says it is writable (POSIX:
  // PIPE_BUF).
  static constexpr std::size_t pipe_atom = 4096;

  void attach(int fd, bool is_socket) {
    fd_ = fd;
    is_socket_ = is_socket;
  }
  void clear() {
    queue_.clear();
    sent_ = 0;
  }
  [[nodiscard]] std::string& queue() { return queue_; }
  [[nodiscard]] std::size_t size() const { return queue_.size() - sent_; }

  // Writes what can be written without waiting. False when the other end is gone.
  [[nodiscard]] bool flush() {
    while (size() > 0) {
      const ssize_t done = write_some();
      if (done < 0 && errno == EINTR) continue;
      if (done < 0 && errno == EAGAIN) return true;
      if (done <= 0) return false;
      sent_ += static_cast<std::size_t>(done);
    }
    clear();
    if (queue_.capacity() > most_queued / 8) std::string().swap(queue_);
    return true;
  }

 private:
  ssize_t write_some() {
    const char* data = queue_.data() + sent_;
    if (is_socket_) return ::send(fd_, data, size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    pollfd entry{fd_, POLLOUT, 0};  // standard output may be shared: it stays in blocking mode
    if (::poll(&entry, 1, 0) == 0) {
      errno = EAGAIN;
      return -1;
    }
    return ::write(fd_, data, std::min(size(), pipe_atom));
  }

  int fd_ = -1;
  bool is_socket_ = false;
  std::string queue_;
  std::size_t sent_ = 0;
};

bool is_socket(int fd) {
  struct stat info{};
  return ::fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
}

// Whether the other end of standard input is closed. What it sent before is still to be read and
// answered.
bool has_hung_up(int fd) {
  pollfd entry{fd, 0, 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

// Whether the other end of standard input has said something that we have not read.
bool has_unread(int fd) {
  int count = 0;
  return ::ioctl(fd, FIONREAD, &count) == 0 && count > 0;
}

class Bridge {
 public:
  explicit Bridge(const Options& options) : options_(options), keys_("b" + random_hex(8) + "-") {
    options_.is_abandoned = [this] { return is_abandoned(); };
    client_.attach(STDOUT_FILENO, is_socket(STDOUT_FILENO));
  }

  int run() {
    std::signal(SIGPIPE, SIG_IGN);
    if (!connect_daemon())
      report_unavailable();  // nothing is lost yet: the first request tries again
    while (!is_finished()) {
      wait();
      if (!client_.flush()) return 0;  // nobody reads our answers any more
    }
    return 0;
  }

 private:
  // A request of the client that has not been answered.
  struct Pending {
    std::string message;  // as the client sent it
    std::string key;      // of a tool call; empty for what may be repeated freely
    int attempt = 1;
    bool is_returned = false;      // by a daemon that leaves: it goes to the successor
    bool is_listener = false;      // subscriptions/listen: under way as long as the client likes
    bool is_acknowledged = false;  // a listener that the client knows to be heard
    std::uint64_t order = 0;
  };

  // At the end of input the client has said all it will; answers still under way are its for a
  // while, if it reads on.
  [[nodiscard]] bool is_finished() const {
    if (!leaves_at_) return false;
    const bool is_all_said = (pending_.empty() || !is_connected()) && client_.size() == 0;
    return is_all_said || std::chrono::steady_clock::now() >= *leaves_at_;
  }
  // While connecting: whether nobody waits for the daemon, or nobody has for long enough.
  [[nodiscard]] bool is_abandoned() {
    if (!has_hung_up(STDIN_FILENO)) return false;
    const auto now = std::chrono::steady_clock::now();
    if (!hung_up_at_) hung_up_at_ = now;
    const bool is_asked = !pending_.empty() || has_unread(STDIN_FILENO);
    return !is_asked || has_hung_up(STDOUT_FILENO) || now - *hung_up_at_ >= farewell;
  }
  void end_input() { leaves_at_ = std::chrono::steady_clock::now() + farewell; }
  [[nodiscard]] bool is_connected() const { return connection_.has_value(); }

  void wait() {
    const bool may_read_client = !leaves_at_ && daemon_.size() < most_queued;
    const bool may_read_daemon = is_connected() && client_.size() < most_queued;
    std::array<pollfd, 3> entries{pollfd{may_read_client ? STDIN_FILENO : -1, POLLIN, 0},
                                  pollfd{client_.size() > 0 ? STDOUT_FILENO : -1, POLLOUT, 0},
                                  pollfd{is_connected() ? connection_->fd() : -1,
                                         static_cast<short>((may_read_daemon ? POLLIN : 0) |
                                                            (daemon_.size() > 0 ? POLLOUT : 0)),
                                         0}};
    const int timeout = leaves_at_ ? ipc::poll_timeout(*leaves_at_) : -1;
    if (::poll(entries.data(), entries.size(), timeout) < 0) return;
    if (entries[2].revents != 0) read_daemon();
    if (entries[0].revents != 0) read_client();
    if (is_connected() && !daemon_.flush()) lose_daemon();
  }

  // ---- From the client
  // ---------------------------------------------------------------------------------------

  void read_client() {
    std::array<char, 16 * 1024> chunk;
    const ssize_t got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got <= 0) end_input();
    // A client may start with a blank line; the framing is newline-delimited whatever the first
    // byte is.
    // The last line may lack its end.
    lines_.feed(got > 0 ? std::string_view(chunk.data(), static_cast<std::size_t>(got)) : "\n");
    for (;;) {
      const auto line = lines_.next();
      if (!line) {
        answer_error("null", -32700, line.error().message);
        continue;
      }
      if (!*line) return;
      handle_client(**line);
    }
  }

  void handle_client(std::string_view line) {
    const auto envelope = json::scan_envelope(line);
    if (!envelope) return answer_error(json::salvage_id(line), -32700, envelope.error().message);
    // The daemon's own methods are for its user, not for a client of its tools.
    if (envelope->method.starts_with("daemon/")) {
      if (envelope->is_request()) answer_error(envelope->id, -32601, "unknown method");
      return;
    }
    if (envelope->method == "notifications/cancelled") forget(*envelope);
    remember_state(*envelope, line);
    if (!envelope->is_request()) {
      if (envelope->is_response()) std::erase(questions_, envelope->id);
      if (is_connected()) forward(line);  // what nobody waits for is not worth a daemon's start
      return;
    }
    if (!envelope->hearth.empty())
      return answer_error(envelope->id, -32600, "the member \"hearth\" is for hearth's own use");
    if (line.size() + room_for_key > ipc::frame_cap) {
      return answer_error(
          envelope->id, -32602,
          "the message exceeds the cap of " + std::to_string(ipc::frame_cap) + " bytes");
    }
    look_for_shared_daemon();
    Pending pending{.message = std::string(line), .key = {}, .order = ++last_order_};
    if (envelope->method == "tools/call") pending.key = keys_ + std::to_string(last_order_);
    pending.is_listener = envelope->method == "subscriptions/listen";
    const auto [slot, is_new] =
        pending_.insert_or_assign(std::string(envelope->id), std::move(pending));
    if (is_connected()) return send(slot->second);
    if (!connect_daemon()) fail_pending();  // else connecting has sent it
  }

  // What a fresh daemon must be told of this session.
  void remember_state(const json::Envelope& envelope, std::string_view line) {
    if (envelope.method == "initialize") initialize_ = line;
    if (envelope.method == "notifications/initialized") initialized_ = line;
    if (envelope.method == "logging/setLevel") set_level_ = line;
    if (envelope.method == "resources/subscribe")
      subscriptions_[member(envelope.params, "uri")] = line;
    if (envelope.method == "resources/unsubscribe")
      subscriptions_.erase(member(envelope.params, "uri"));
  }

  // The JSON text of a member of an object; empty when it has none.
  static std::string member(std::string_view object, std::string_view wanted) {
    std::string found;
    (void)json::scan_members(object, [&](std::string_view name, std::string_view value) {
      if (name == wanted) found = value;
    });
    return found;
  }

  // The client waits no longer: no successor of the daemon is to do what this one may not have
  // done.
  void forget(const json::Envelope& cancelled) {
    pending_.erase(member(cancelled.params, "requestId"));
  }

  void send(Pending& pending) {
    if (pending.key.empty()) return forward(pending.message);
    // A daemon that leaves may close before it has seen the call, and nobody could tell.
    pending.is_returned = is_leaving_;
    if (is_leaving_) return;
    std::string keyed = R"({"hearth":{"key":")" + pending.key + R"(","attempt":)" +
                        std::to_string(pending.attempt) + "},";
    keyed.append(std::string_view(pending.message).substr(pending.message.find('{') + 1));
    forward(keyed);
  }

  void forward(std::string_view message) { ipc::append_frame(daemon_.queue(), message); }

  void answer_error(std::string_view id, int number, std::string_view message) {
    client_.queue().append(R"({"jsonrpc":"2.0","id":)").append(id.empty() ? "null" : id);
    client_.queue()
        .append(R"(,"error":{"code":)")
        .append(std::to_string(number))
        .append(R"(,"message":)");
    json::append_string(client_.queue(), message);
    client_.queue().append("}}\n");
  }

  // ---- From the daemon
  // ---------------------------------------------------------------------------------------

  void read_daemon() {
    bytes_.clear();
    const auto got = ipc::receive_some(connection_->fd(), bytes_, std::chrono::steady_clock::now());
    if (!got && got.error().code == Errc::timed_out) return;  // only writable
    if (!got || *got == 0) return lose_daemon();
    frames_.feed(bytes_);
    for (;;) {
      const auto frame = frames_.next();
      if (!frame) return lose_daemon();
      if (!*frame) return;
      handle_daemon(**frame);
    }
  }

  void handle_daemon(std::string_view message) {
    const auto envelope = json::scan_envelope(message);
    if (!envelope) return answer_unreadable(message, envelope.error());
    if (envelope->method.starts_with("daemon/")) {  // its word to us, not to the client
      if (envelope->method == "daemon/draining") is_leaving_ = true;
      return;
    }
    if (envelope->is_response()) {
      if (envelope->id == replay_id) return;
      const auto found = pending_.find(envelope->id);
      if (found == pending_.end()) return;  // answered or cancelled meanwhile
      if (is_draining_error(*envelope)) {
        found->second.is_returned = true;
        return;
      }
      pending_.erase(found);
    }
    if (envelope->is_request()) questions_.emplace_back(envelope->id);
    if (is_repetition(*envelope)) return;
    ipc::append_frame(client_.queue(), message, ipc::Framing::newline_delimited);
  }

  // Whoever waits for what cannot be read is told so, or it would wait for ever.
  void answer_unreadable(std::string_view message, const Error& why) {
    const auto found = pending_.find(json::salvage_id(message));
    if (found == pending_.end()) return;
    answer_error(found->first, -32603, "hearth: the answer cannot be read: " + why.message);
    pending_.erase(found);
  }

  // A successor acknowledges again what the client knows to be heard.
  [[nodiscard]] bool is_repetition(const json::Envelope& envelope) {
    if (envelope.method != "notifications/subscriptions/acknowledged") return false;
    const std::string listener = member(member(envelope.params, "_meta"), subscription_id);
    const auto found = pending_.find(listener);
    return found != pending_.end() && std::exchange(found->second.is_acknowledged, true);
  }

  void notify_client(std::string_view method, const std::string& params) {
    client_.queue()
        .append(R"({"jsonrpc":"2.0","method":")")
        .append(method)
        .append(R"(","params":)")
        .append(params)
        .append("}\n");
  }

  static bool is_draining_error(const json::Envelope& envelope) {
    if (envelope.error.empty()) return false;
    const auto error = json::parse(envelope.error);
    const json::Value* data = error ? json::find(*error, "data") : nullptr;
    return data != nullptr && json::string_or(*data, "code", "") == errc_name(Errc::draining);
  }

  // ---- The connection
  // ----------------------------------------------------------------------------------------

  void lose_daemon() {
    if (is_connected()) options_.greeting.resume = connection_->welcome().resume;
    connection_.reset();
    daemon_.clear();
    frames_ = ipc::FrameReader(ipc::Framing::length_prefixed);
    for (auto& [id, pending] : pending_) {
      const bool may_have_begun =
          !std::exchange(pending.is_returned, false) && !pending.is_listener;
      if (may_have_begun) ++pending.attempt;
    }
    // Whoever asked the client has gone; the call that wanted to know is made again, and asks
    // again.
    for (const std::string& question : std::exchange(questions_, {}))
      notify_client("notifications/cancelled", R"({"requestId":)" + question + '}');
    give_up_on_hopeless();
    // Who follows resources waits, too, without a request that says so.
    const bool is_awaited = !pending_.empty() || (!subscriptions_.empty() && !leaves_at_);
    if (is_awaited && !connect_daemon()) fail_pending();
  }

  [[nodiscard]] bool connect_daemon() {
    auto connection = connect(options_);
    if (!connection) {
      failure_ = std::move(connection.error());
      return false;
    }
    adopt(std::move(*connection));
    return true;
  }

  void adopt(Connection connection) {
    connection_.emplace(std::move(connection));
    is_leaving_ = false;
    daemon_.attach(connection_->fd(), true);
    if (const auto& fallback = connection_->fallback()) {
      log::warning("the shared daemon cannot serve; this session has a private one",
                   {log::kv("reason", fallback->reason), log::kv("error", fallback->message)});
    }
    replay();
  }

  // A private daemon only reads while another process owns the stores. Once that has left, the
  // shared daemon serves this session too; without this a session would stay read-only for its
  // whole life because somebody had used --no-daemon when it began.
  void look_for_shared_daemon() {
    const bool is_makeshift = is_connected() && connection_->fallback() &&
                              connection_->fallback()->reason == "store_owned";
    const auto now = std::chrono::steady_clock::now();
    if (!is_makeshift || !pending_.empty() || now < next_look_) return;
    next_look_ = now + look_interval;
    if (lock_holder(options_.paths.store_lock()) && !lock_holder(options_.paths.lock())) return;
    Options shared = options_;
    shared.mode = Mode::shared;
    auto connection = connect(shared);
    if (!connection) return;
    daemon_.clear();
    frames_ = ipc::FrameReader(ipc::Framing::length_prefixed);
    adopt(std::move(*connection));
  }

  // Brings a fresh daemon to where the last one was. Answers to what is replayed are dropped.
  void replay() {
    std::vector<const std::string*> messages{&initialize_, &set_level_};
    for (const auto& [uri, message] : subscriptions_) messages.push_back(&message);
    for (const std::string* message : messages) {
      const bool is_pending = std::ranges::any_of(
          pending_, [&](const auto& p) { return p.second.message == *message; });
      if (message->empty() || is_pending) continue;
      if (auto anonymous = with_id(*message, replay_id)) forward(*anonymous);
      if (message == &initialize_ && !initialized_.empty()) forward(initialized_);
    }
    // What changed in between, nobody has told.
    for (const auto& [uri, message] : subscriptions_) {
      const bool is_new =
          std::ranges::any_of(pending_, [&](const auto& p) { return p.second.message == message; });
      if (!is_new) notify_client("notifications/resources/updated", R"({"uri":)" + uri + '}');
    }
    std::vector<Pending*> in_order;
    for (auto& [id, pending] : pending_) in_order.push_back(&pending);
    std::ranges::sort(in_order, {}, &Pending::order);
    for (Pending* pending : in_order) send(*pending);
    (void)daemon_.flush();  // a connection that ended again shows at the next poll
  }

  static std::optional<std::string> with_id(const std::string& message, std::string_view id) {
    const auto envelope = json::scan_envelope(message);
    if (!envelope || envelope->id.empty()) return std::nullopt;
    const auto at = static_cast<std::size_t>(envelope->id.data() - message.data());
    return message.substr(0, at) + std::string(id) + message.substr(at + envelope->id.size());
  }

  void give_up_on_hopeless() {
    for (auto entry = pending_.begin(); entry != pending_.end();) {
      if (entry->second.attempt <= most_attempts) {
        ++entry;
        continue;
      }
      answer_error(entry->first, -32000,
                   "outcome_unknown: the daemon went away " + std::to_string(most_attempts) +
                       " times during this call");
      entry = pending_.erase(entry);
    }
  }

  void fail_pending() {
    report_unavailable();
    std::string text = failure_.message;
    for (const std::string& suggestion : failure_.suggestions) text += "; " + suggestion;
    for (const auto& [id, pending] : pending_) answer_error(id, -32000, "hearth: " + text);
    pending_.clear();
  }

  void report_unavailable() const {
    if (failure_.code == Errc::cancelled) return;  // the end of input is no fault
    log::error("no daemon",
               {log::kv("code", errc_name(failure_.code)), log::kv("error", failure_.message)});
  }

  Options options_;
  const std::string keys_;  // prefix of this bridge's call keys
  std::optional<Connection> connection_;
  Error failure_;  // of the last attempt to connect
  MonotonicTime next_look_{};
  Outlet client_;
  Outlet daemon_;
  ipc::FrameReader lines_{ipc::Framing::newline_delimited};
  ipc::FrameReader frames_{ipc::Framing::length_prefixed};
  std::string bytes_;
  std::map<std::string, Pending, std::less<>> pending_;  // by the id's JSON text
  std::uint64_t last_order_ = 0;
  std::string initialize_, initialized_, set_level_;  // the handshake, as the client sent it
  bool is_leaving_ = false;                           // the connected daemon has said so
  std::map<std::string, std::string> subscriptions_;  // by URI, the requests that made them
  std::vector<std::string> questions_;      // ids of the daemon's requests that the client works on
  std::optional<MonotonicTime> leaves_at_;  // set at the end of input
  std::optional<MonotonicTime> hung_up_at_;  // when connecting saw that end ahead
};

}  // namespace

int run_bridge(const Options& options) {
  return Bridge(options).run();
}

}  // namespace hearth::client
