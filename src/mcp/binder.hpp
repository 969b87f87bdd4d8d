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
    tools.add(std::move(spec_),
              [handler = std::move(handler)](std::string_view arguments, pack::Call call) mutable {
                auto request = read(arguments);
                if (!request) return call.answer(std::unexpected(std::move(request.error())));
                call.answer(to_reply<Answer>(handler(*request, std::as_const(call))));
              });
  }

  // Answers on the daemon's pool; `busy` when that is full. `context` is read at each call, since a
  // pack gets it only at start(). Handler: Result<Answer>(const Request&, const pack::Call&), on
  // any pool thread, several at once.
  template <typename Handler>
  void on_pool(pack::Binder& tools, pack::PackContext* const& context, Handler handler) && {
    auto shared = std::make_shared<Handler>(std::move(handler));
    tools.add(std::move(spec_), [shared, &context](std::string_view arguments, pack::Call call) {
      auto request = read(arguments);
      if (!request) return call.answer(std::unexpected(std::move(request.error())));
      submit(*context, shared, std::move(*request), std::move(call));
    });
  }

  // The handler keeps the Call and answers when it can: void(Request, pack::Call), on the loop
  // thread.
  template <typename Handler>
  void deferred(pack::Binder& tools, Handler handler) && {
    tools.add(std::move(spec_),
              [handler = std::move(handler)](std::string_view arguments, pack::Call call) mutable {
                auto request = read(arguments);
                if (!request) return call.answer(std::unexpected(std::move(request.error())));
                handler(std::move(*request), std::move(call));
              });
  }

 private:
  static Result<Request> read(std::string_view arguments) {
    const auto value = json::parse(arguments.empty() ? "{}" : arguments);
    if (!value) return std::unexpected(value.error());
    return json::decode<Request>(*value);
  }

  template <typename Handler>
  static void submit(pack::PackContext& context,
                     const std::shared_ptr<Handler>& handler,
                     Request request,
                     pack::Call call) {
    // The call is shared with the refusal below, which must still be able to answer it.
    auto shared_call = std::make_shared<pack::Call>(std::move(call));
    auto queued = context.submit([handler, request = std::move(request), shared_call] {
      if (shared_call->stop().stop_requested()) {
        return shared_call->answer(
            fail(Errc::cancelled, shared_call->tool() + " was cancelled before it began"));
      }
      shared_call->answer(to_reply<Answer>((*handler)(request, std::as_const(*shared_call))));
    });
    if (!queued) shared_call->answer(std::unexpected(std::move(queued.error())));
  }

  pack::ToolSpec spec_;
};

}  // namespace hearth::mcp
