#include "web/event_streams.hpp"

#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "daemon/event_feed.hpp"
#include "mcp/message_sink.hpp"
#include "web/admission.hpp"
#include "web/events.hpp"
#include "web/streams.hpp"

namespace hearth::web {
namespace {

constexpr std::chrono::seconds silence{15};  // then a comment shows that the stream is alive

// "EPOCH-SEQ"; the number counts only for the process it came from. Nothing when it is neither.
std::optional<std::uint64_t> read_place(std::string_view text, const std::string& epoch) {
  if (text.empty()) return 0;
  const auto dash = text.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(text.data() + dash + 1, text.data() + text.size(), seq);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return text.substr(0, dash) == epoch ? seq : 0;
}

Result<daemon::EventFilter> read_filter(const Request& request, std::string name_space) {
  daemon::EventFilter filter{.name_space = std::move(name_space), .kinds = {}};
  const std::string kinds = request.parameter("kinds").value_or("");
  for (std::size_t at = 0; at < kinds.size();) {
    const auto comma = std::min(kinds.find(',', at), kinds.size());
    if (auto added = filter.add_kind(kinds.substr(at, comma - at)); !added)
      return std::unexpected(std::move(added.error()));
    at = comma + 1;
  }
  return filter;
}

}  // namespace

class EventStreams::Stream final : private daemon::EventReader {
 public:
  Stream(daemon::EventLog& log,
         daemon::EventFilter filter,
         std::uint64_t since,
         std::shared_ptr<Answer> answer)
      : epoch_(log.epoch()),
        answer_(std::move(answer)),
        feed_(log, std::move(filter), since, static_cast<daemon::EventReader&>(*this)) {
    answer_->on_read([this] { feed_.catch_up(); });
    feed_.catch_up();
  }
  ~Stream() override {
    answer_->on_gone(nullptr);
    answer_->on_read(nullptr);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void say_that_it_lives() { answer_->write(keep_alive_comment); }
  void end() { answer_->end(); }

 private:
  [[nodiscard]] bool is_congested() const override { return answer_->unread() > mcp::congestion; }
  void take(const daemon::EventRecord& event) override {
    answer_->write(make_event(epoch_ + '-' + std::to_string(event.seq), event.text));
  }
  void missed(std::uint64_t count) override {
    answer_->write("event: missed\ndata: {\"count\":" + std::to_string(count) + "}\n\n");
  }

  const std::string& epoch_;
  const std::shared_ptr<Answer> answer_;  // shared with the connection
  daemon::EventFeed feed_;
};

EventStreams::EventStreams(daemon::Server& server, daemon::EventLog& log)
    : server_(server), log_(log), timer_(server.loop()) {}

EventStreams::~EventStreams() = default;

void EventStreams::open(const Request& request, const std::shared_ptr<Answer>& answer) {
  auto greeting = admit(server_, request, "", "");
  if (!greeting) return answer->send(refusal(greeting.error()));
  auto filter = read_filter(request, std::move(greeting->name_space));
  if (!filter) {
    const Error& error = filter.error();
    return answer->send(plain(400, error.message + "; " + error.suggestions.front() + "\n"));
  }
  const auto last = request.header("Last-Event-ID");
  const auto since = read_place(
      last.empty() ? request.parameter("since").value_or("") : std::string(last), log_.epoch());
  if (!since)
    return answer->send(plain(400, "expected the id of an event, such as \"1a2b3c4d-17\"\n"));
  answer->begin_stream({{"Cache-Control", "no-store"}});
  answer->write("retry: " + std::to_string(Streams::retry.count()) + "\n\n");
  const std::uint64_t number = next_++;
  answer->on_gone([this, number] { streams_.erase(number); });
  streams_.emplace(number, std::make_unique<Stream>(log_, std::move(*filter), *since, answer));
  if (streams_.size() == 1) keep_alive();
}

// Only while there is somebody to do it for: an idle daemon has no timers.
void EventStreams::keep_alive() {
  timer_.start(server_.clock().monotonic() + silence, [this] {
    for (const auto& [number, stream] : streams_) stream->say_that_it_lives();
    if (!streams_.empty()) keep_alive();
  });
}

void EventStreams::end_all() {
  timer_.cancel();
  for (const auto& [number, stream] : std::exchange(streams_, {})) stream->end();
}

}  // namespace hearth::web
