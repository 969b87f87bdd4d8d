#include "http/client.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "http/curl.hpp"

namespace hearth::http {
namespace {

constexpr int longest_wait_ms = 1000;  // between two looks at a transfer that nothing happens to

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string in_seconds(std::chrono::milliseconds time) {
  if (time.count() % 1000 == 0) return std::to_string(time.count() / 1000) + " s";
  return std::to_string(time.count()) + " ms";
}

// The host a URL names. `invalid_args` for what is no http: or https: URL.
Result<std::string> host_of(const Curl& curl, const std::string& url) {
  const std::unique_ptr<CURLU, decltype(curl.url_cleanup)> parts(curl.url(), curl.url_cleanup);
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    std::string copy;
    if (curl.url_get(parts.get(), which, &text, 0) == CURLUE_OK) copy = text;
    curl.free(text);
    return copy;
  };
  const bool is_url = is_one_line(url) && parts &&
                      curl.url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK;
  const std::string scheme = is_url ? part(CURLUPART_SCHEME) : "";
  if (scheme != "http" && scheme != "https") {
    return fail(Errc::invalid_args, "\"" + url.substr(0, 200) + "\" is no http: or https: URL",
                {"write it as http://127.0.0.1:11434/v1"});
  }
  return ascii_lower(part(CURLUPART_HOST));
}

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
         host.starts_with("127.");
}

}  // namespace

// One request at a time and the connections that it leaves for the next.
class Client::Slot final {
 public:
  explicit Slot(const Curl& curl)
      : curl_(curl), easy_(curl.easy_init()), multi_(curl.multi_init()) {
    if (multi_ != nullptr) curl_.multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 2L);
  }
  ~Slot() {
    curl_.easy_cleanup(easy_);
    curl_.multi_cleanup(multi_);
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  [[nodiscard]] bool is_usable() const { return easy_ != nullptr && multi_ != nullptr; }
  [[nodiscard]] Result<Response> run(const Request& request,
                                     MonotonicTime deadline,
                                     const std::stop_token& stop);

 private:
  [[nodiscard]] Result<void> prepare(const Request& request, MonotonicTime deadline);
  [[nodiscard]] Result<void> prepare_headers(const Request& request);
  [[nodiscard]] CURLcode transfer(const std::stop_token& stop);
  [[nodiscard]] Error error_of(CURLcode code, const Request& request) const;
  template <typename Value>
  void set(CURLoption option, Value value) {
    if (is_set_) is_set_ = curl_.easy_setopt(easy_, option, value) == CURLE_OK;
  }
  static std::size_t take_body(const char* bytes, std::size_t, std::size_t size, void* slot);
  static std::size_t take_header(const char* bytes, std::size_t, std::size_t size, void* slot);

  const Curl& curl_;
  CURL* const easy_;
  CURLM* const multi_;
  bool is_set_ = true;  // every option so far was taken
  curl_slist* headers_ = nullptr;
  std::string host_;
  Response response_;
  std::size_t most_bytes_ = 0;
  bool is_too_large_ = false;
};

// ---- A request --------------------------------------------------------------------------------

Result<Response> Client::Slot::run(const Request& request,
                                   MonotonicTime deadline,
                                   const std::stop_token& stop) {
  response_ = {};
  is_too_large_ = false;
  most_bytes_ = request.most_bytes;
  auto prepared = prepare(request, deadline);
  CURLcode code = CURLE_OK;
  std::optional<Error> error;
  if (!prepared) {
    error = std::move(prepared.error());
  } else if (code = transfer(stop); code != CURLE_OK) {
    error = stop.stop_requested() ? Error{Errc::cancelled, "the request was withdrawn", {}}
                                  : error_of(code, request);
  }
  long status = 0;
  curl_.easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  curl_.easy_reset(easy_);  // keeps the connections
  curl_.slist_free_all(std::exchange(headers_, nullptr));
  if (error) return std::unexpected(std::move(*error));
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

Result<void> Client::Slot::prepare(const Request& request, MonotonicTime deadline) {
  auto host = host_of(curl_, request.url);
  if (!host) return std::unexpected(std::move(host.error()));
  host_ = std::move(*host);
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  is_set_ = true;
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a name that is still being looked up holds nobody
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_TIMEOUT_MS, std::max<long>(left.count(), 1));
  set(CURLOPT_CONNECTTIMEOUT_MS, std::max<long>(request.connect_timeout.count(), 1));
  set(CURLOPT_FRESH_CONNECT, request.is_repeatable ? 0L : 1L);
  if (!request.socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request.socket.c_str());
  if (!request.socket.empty() || is_this_machine(host_)) set(CURLOPT_PROXY, "");
  if (!request.body.empty() || request.method == "POST") {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.c_str());
  }
  if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  return prepare_headers(request);
}

Result<void> Client::Slot::prepare_headers(const Request& request) {
  // libcurl would wait up to a second for leave to send a large body.
  std::vector<std::string> lines{"Expect:", "User-Agent: hearth"};
  if (!is_one_line(request.method) || request.method.find(' ') != std::string::npos)
    return fail(Errc::invalid_args, "the HTTP method is not one word");
  for (const Header& header : request.headers) {
    if (!is_one_line(header.name) || !is_one_line(header.value))
      return fail(Errc::invalid_args, "the header " + ascii_lower(header.name) + " is not one line",
                  {"look for a line end in the key or the configured value"});
    // Without a value libcurl would take the header away, unless the name ends so.
    lines.push_back(header.name + (header.value.empty() ? ";" : ": " + header.value));
  }
  for (const std::string& line : lines) {
    curl_slist* const longer = curl_.slist_append(headers_, line.c_str());
    if (longer == nullptr) return fail(Errc::busy, "no memory left for an HTTP request");
    headers_ = longer;
  }
  set(CURLOPT_HTTPHEADER, headers_);
  if (!is_set_) {
    return fail(Errc::unavailable, "this libcurl lacks an option that hearth needs",
                {"install libcurl 7.85 or newer"});
  }
  return {};
}

CURLcode Client::Slot::transfer(const std::stop_token& stop) {
  if (curl_.multi_add_handle(multi_, easy_) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
  const std::stop_callback wake(stop, [this] { curl_.multi_wakeup(multi_); });
  CURLcode code = CURLE_OK;
  for (int running = 1; running != 0;) {
    CURLMcode step =
        stop.stop_requested() ? CURLM_ABORTED_BY_CALLBACK : curl_.multi_perform(multi_, &running);
    if (step == CURLM_OK && running != 0)
      step = curl_.multi_poll(multi_, nullptr, 0, longest_wait_ms, nullptr);
    if (step == CURLM_OK) continue;
    code = CURLE_ABORTED_BY_CALLBACK;
    break;
  }
  int left = 0;
  while (const CURLMsg* message = curl_.multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) code = message->data.result;
  }
  curl_.multi_remove_handle(multi_, easy_);
  return code;
}

std::size_t Client::Slot::take_body(const char* bytes, std::size_t, std::size_t size, void* slot) {
  auto& self = *static_cast<Slot*>(slot);
  if (size > self.most_bytes_ - self.response_.body.size()) {
    self.is_too_large_ = true;
    return 0;
  }
  self.response_.body.append(bytes, size);
  return size;
}

std::size_t Client::Slot::take_header(const char* bytes,
                                      std::size_t,
                                      std::size_t size,
                                      void* slot) {
  auto& headers = static_cast<Slot*>(slot)->response_.headers;
  const std::string_view line(bytes, size);
  // libcurl bounds a line and all of them together (300 KB).
  if (line.starts_with("HTTP/")) headers.clear();  // after 100 Continue comes another answer
  if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    headers.push_back(
        {ascii_lower(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1)))});
  }
  return size;
}

// ---- What goes wrong --------------------------------------------------------------------------

Error Client::Slot::error_of(CURLcode code, const Request& request) const {
  const std::string peer = request.socket.empty() ? host_ : request.socket;
  const std::string reason = curl_.easy_strerror(code);
  curl_off_t connected = 0;  // µs; 0: never, unless the connection was there already
  long made = 0;
  curl_.easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &connected);
  curl_.easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &made);
  const bool was_sent = connected > 0;
  if (is_too_large_) {
    return {Errc::unsupported,
            peer + " answers with more than " + std::to_string(most_bytes_) + " bytes",
            {"ask for less at once", "check that the URL names the right server"}};
  }
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
    return {Errc::unavailable,
            "the certificate of " + peer + " is not to be trusted",
            {"check the URL, and that ca-certificates is installed"}};
  }
  if (code == CURLE_OPERATION_TIMEDOUT && was_sent) {
    return {Errc::timed_out,
            peer + " gave no whole answer within " + in_seconds(request.timeout),
            {"look whether it is overloaded, or allow it more time"}};
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return {Errc::unavailable,
            "no connection to " + peer + " within " +
                in_seconds(std::min(request.connect_timeout, request.timeout)),
            {"check that it runs and that the URL is right"}};
  }
  if (code == CURLE_OUT_OF_MEMORY) return {Errc::busy, "no memory left for an HTTP request", {}};
  if (!was_sent) {
    return {Errc::unavailable,
            "cannot connect to " + peer + ": " + reason,
            {"check that it runs and that the URL is right"}};
  }
  return {Errc::outcome_unknown,
          peer + " broke off before its whole answer was there: " + reason,
          {"look at the server's log"}};
}

// ---- Slots ------------------------------------------------------------------------------------

struct Client::State {
  struct Slots {
    std::vector<std::unique_ptr<Slot>> idle;  // the last used at the end: its connection is warm
    std::size_t busy = 0;
  };
  Guarded<Slots> slots;
};

Client::Client(std::size_t at_once)
    : at_once_(std::max<std::size_t>(at_once, 1)), state_(std::make_unique<State>()) {}

Client::~Client() = default;

Result<std::unique_ptr<Client::Slot>> Client::take_slot(const Request& request,
                                                        const std::stop_token& stop) {
  const auto curl = load_curl();
  if (!curl) return std::unexpected(curl.error());
  const std::stop_callback wake(stop, [this] {
    (void)state_->slots.lock();  // whoever is about to wait does so before it is woken
    state_->slots.notify_all();
  });
  const auto deadline = std::chrono::steady_clock::now() + request.timeout;
  auto slots = state_->slots.lock();
  const bool is_free = slots.wait_until(deadline, [&](const State::Slots& now) {
    return stop.stop_requested() || now.busy < at_once_;
  });
  if (stop.stop_requested()) return fail(Errc::cancelled, "the request was withdrawn");
  if (!is_free) {
    return fail(Errc::timed_out, std::to_string(at_once_) +
                                     " HTTP requests run already, none of "
                                     "which ended within " +
                                     in_seconds(request.timeout));
  }
  std::unique_ptr<Slot> slot;
  if (slots->idle.empty()) {
    slot = std::make_unique<Slot>(**curl);
    if (!slot->is_usable()) return fail(Errc::busy, "no memory left for an HTTP request");
  } else {
    slot = std::move(slots->idle.back());
    slots->idle.pop_back();
  }
  ++slots->busy;
  return slot;
}

void Client::give_back(std::unique_ptr<Slot> slot) {
  {
    auto slots = state_->slots.lock();
    --slots->busy;
    slots->idle.push_back(std::move(slot));
  }
  state_->slots.notify_one();
}

Result<Response> Client::send(const Request& request, const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + request.timeout;
  auto slot = take_slot(request, stop);
  if (!slot) return std::unexpected(std::move(slot.error()));
  auto response = (*slot)->run(request, deadline, stop);
  give_back(std::move(*slot));
  return response;
}

}  // namespace hearth::http
