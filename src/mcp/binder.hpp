// Typed tools: from C++ request and answer records to a listed, validated tool.
//
//   mcp::Tool<SearchRequest, SearchAnswer> search{{.verb = "search", .title = …, .annotations =
//   {.read_only = true}}}; search.on_pool(tools, context, [this](const SearchRequest& request,
//   const pack::Call& call) {
//     return engine_.search(…);   // Result<SearchAnswer>
//   });
//
// Both records are described for json/record.hpp. Arguments that do not fit are answered with
// `invalid_args` and the path of what is wrong; the handler sees only valid requests.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "json/record.hpp"
#include "pack/pack.hpp"

namespace hearth::mcp {

template <typename Answer>
[[nodiscard]] Result<pack::Reply> to_reply(Result<Answer> answer) {
  if (!answer) return std::unexpected(std::move(answer.error()));
  return pack::Reply{.structured = json::encode(*answer)};
}

namespace detail {

// What is the same for all tools, compiled once: a request is read into the heap and passed by
// address.
using Request = std::shared_ptr<const void>;
using Read = Result<Request> (*)(const json::Value& arguments);
using Deferred = std::move_only_function<void(Request, pack::Call)>;
using Answering = std::function<Result<pack::Reply>(const void* request, const pack::Call&)>;

void add_deferred(pack::Binder& tools, pack::ToolSpec spec, Read read, Deferred handler);
void add_on_loop(pack::Binder& tools, pack::ToolSpec spec, Read read, Answering handler);
void add_on_pool(pack::Binder& tools,
                 pack::ToolSpec spec,
                 Read read,
                 pack::PackContext* const& context,
                 Answering handler);

template <typename T>
[[nodiscard]] Result<Request> read(const json::Value& arguments) {
  auto request = std::make_shared<T>();
  auto done = json::decode_into(arguments, *request);
  if (!done) return std::unexpected(std::move(done.error()));
  return request;
}

}  // namespace detail

template <typename Request, typename Answer>
class Tool {
 public:
  // `spec` without schemas; they come from the records.
  explicit Tool(pack::ToolSpec spec) : spec_(std::move(spec)) {
    spec_.input_schema = json::schema_text<Request>();
    spec_.output_schema = json::schema_text<Answer>();
  }

  // Answers on the loop thread: only for handlers that take under some 50 µs and never block.
  // Handler: Result<Answer>(const Request&, const pack::Call&).
  template <typename Handler>
  void on_loop(pack::Binder& tools, Handler handler) && {
    detail::add_on_loop(tools, std::move(spec_), detail::read<Request>,
                        answering(std::move(handler)));
  }

  // Answers on the daemon's pool; `busy` when that is full. `context` is read at each call, since a
  // pack gets it only at start(). Handler: Result<Answer>(const Request&, const pack::Call&), on
  // any pool thread, several at once.
  template <typename Handler>
  void on_pool(pack::Binder& tools, pack::PackContext* const& context, Handler handler) && {
    detail::add_on_pool(tools, std::move(spec_), detail::read<Request>, context,
                        answering(std::move(handler)));
  }

  // The handler keeps the Call and answers when it can: void(const Request&, pack::Call), on the
  // loop thread.
  template <typename Handler>
  void deferred(pack::Binder& tools, Handler handler) && {
    std::move(*this).deferred_shared(
        tools, [handler = std::move(handler)](const std::shared_ptr<const Request>& request,
                                              pack::Call call) mutable {
          handler(*request, std::move(call));
        });
  }

  // The same for one that needs the request later: void(std::shared_ptr<const Request>,
  // pack::Call).
  template <typename Handler>
  void deferred_shared(pack::Binder& tools, Handler handler) && {
    detail::add_deferred(
        tools, std::move(spec_), detail::read<Request>,
        [handler = std::move(handler)](const detail::Request& request, pack::Call call) mutable {
          handler(std::static_pointer_cast<const Request>(request), std::move(call));
        });
  }

 private:
  template <typename Handler>
  static detail::Answering answering(Handler handler) {
    // Shared: a handler need not be copyable, and several calls may run it.
    return [shared = std::make_shared<Handler>(std::move(handler))](
               const void* request, const pack::Call& call) -> Result<pack::Reply> {
      return to_reply<Answer>((*shared)(*static_cast<const Request*>(request), call));
    };
  }

  pack::ToolSpec spec_;
};

}  // namespace hearth::mcp
