#include "pack/call.hpp"

#include <cassert>
#include <utility>

namespace hearth::pack {

Call::Call(Context context, std::unique_ptr<CallSink> sink)
    : context_(std::move(context)), sink_(std::move(sink)) {
  assert(context_.caller != nullptr);
}

Call::~Call() {
  if (sink_) sink_->finish(fail(Errc::internal, context_.tool + " ended without an answer"));
}

void Call::progress(double done, std::optional<double> total, std::string_view message) const {
  if (sink_) sink_->progress(done, total, message);
}

void Call::log(LogLevel level, std::string_view message) const {
  if (sink_) sink_->log(level, message);
}

void Call::answer(Result<Reply> outcome) {
  assert(sink_ != nullptr);
  std::exchange(sink_, nullptr)->finish(std::move(outcome));
}

}  // namespace hearth::pack
