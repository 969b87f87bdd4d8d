#include "mcp/binder.hpp"

namespace hearth::mcp::detail {

void add_deferred(pack::Binder& tools, pack::ToolSpec spec, Read read, Deferred handler) {
  tools.add(std::move(spec), [read, handler = std::move(handler)](std::string_view arguments,
                                                                  pack::Call call) mutable {
    const auto value = json::parse(arguments.empty() ? "{}" : arguments);
    auto request = value ? read(*value) : std::unexpected(value.error());
    if (!request) return call.answer(std::unexpected(std::move(request.error())));
    handler(std::move(*request), std::move(call));
  });
}

void add_on_loop(pack::Binder& tools, pack::ToolSpec spec, Read read, Answering handler) {
  add_deferred(tools, std::move(spec), read,
               [handler = std::move(handler)](const Request& request, pack::Call call) {
                 auto reply = handler(request.get(), call);
                 call.answer(std::move(reply));
               });
}

void add_on_pool(pack::Binder& tools,
                 pack::ToolSpec spec,
                 Read read,
                 pack::PackContext* const& context,
                 Answering handler) {
  add_deferred(tools, std::move(spec), read,
               [handler = std::make_shared<const Answering>(std::move(handler)), &context](
                   Request request, pack::Call call) {
                 // The call is shared with the refusal below, which must still be able to answer
                 // it.
                 auto shared = std::make_shared<pack::Call>(std::move(call));
                 auto queued = context->submit([handler, request = std::move(request), shared] {
                   if (shared->stop().stop_requested()) {
                     return shared->answer(
                         fail(Errc::cancelled, shared->tool() + " was cancelled before it began"));
                   }
                   auto reply = (*handler)(request.get(), std::as_const(*shared));
                   shared->answer(std::move(reply));
                 });
                 if (!queued) shared->answer(std::unexpected(std::move(queued.error())));
               });
}

}  // namespace hearth::mcp::detail
