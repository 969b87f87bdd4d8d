// How the tools of the pack run: on the daemon's pool, in the caller's namespace, which is opened
// at its first use.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.hpp"
#include "mcp/binder.hpp"
#include "packs/mandates/space.hpp"

namespace hearth::packs::mandates {

// `start` before the first call.
class ToolRunner final {
 public:
  // Loop thread.
  void start(pack::PackContext& context, Settings settings);
  // Returns when no thread of a mandate is left. Any thread.
  void stop();

  [[nodiscard]] pack::PackContext& context() const { return *context_; }
  [[nodiscard]] Workbench& bench() const { return *bench_; }
  // Any thread; blocks while it opens. One that could not be opened is tried again.
  [[nodiscard]] Result<std::shared_ptr<Space>> space(const std::string& name_space);
  // Those that are open. Any thread.
  [[nodiscard]] std::vector<std::shared_ptr<Space>> spaces() const;
  // Why a namespace could not be opened the last time; empty: all could.
  [[nodiscard]] std::string problem() const;
  // Tries the walls of the sandbox where an open namespace has a mandate that may need it, so that
  // what does not hold is known before something is to be done. Blocks; any thread.
  void prove_sandbox();

  // Binds a tool: Result<Answer>(Space&, const Request&, const pack::Call&), on the pool. Those
  // whose spec does not say that they only read are refused to callers that may not write.
  template <typename Request, typename Answer, typename Work>
  void bind(pack::Binder& tools, pack::ToolSpec spec, Work work);
  // The same for what also tells why there is no space: work(const Result<shared_ptr<Space>>&, …).
  template <typename Request, typename Answer, typename Work>
  void bind_anyway(pack::Binder& tools, pack::ToolSpec spec, Work work);
  // The same for whoever answers by itself: job(Space&, pack::Call).
  template <typename Job>
  void on_pool(pack::Call call, Job job);

 private:
  struct Opened {
    bool is_closing = false;
    std::map<std::string, std::shared_ptr<Space>> spaces;  // shared with the calls that use them
    std::string problem;
  };

  pack::PackContext* context_ = nullptr;
  std::unique_ptr<Workbench> bench_;
  mutable Guarded<Opened> opened_;
  std::stop_source stop_;
};

// Of a tool that changes nothing, and of one that does.
[[nodiscard]] pack::ToolSpec reading(std::string verb, std::string title, std::string description);
[[nodiscard]] pack::ToolSpec writing(std::string verb,
                                     std::string title,
                                     std::string description,
                                     pack::Annotations annotations = {});

// ---- Implementation ---------------------------------------------------------------------------

template <typename Job>
void ToolRunner::on_pool(pack::Call call, Job job) {
  // Shared with the refusal below, which must still be able to answer it.
  auto shared = std::make_shared<pack::Call>(std::move(call));
  auto queued = context_->submit([this, shared, job = std::move(job)]() mutable {
    const auto found = space(shared->caller().name_space);
    if (!found) return shared->answer(std::unexpected(found.error()));
    job(**found, std::move(*shared));
  });
  if (!queued) shared->answer(std::unexpected(std::move(queued.error())));
}

template <typename Request, typename Answer, typename Work>
void ToolRunner::bind_anyway(pack::Binder& tools, pack::ToolSpec spec, Work work) {
  auto shared = std::make_shared<Work>(std::move(work));
  mcp::Tool<Request, Answer>(std::move(spec))
      .deferred(tools, [this, shared](Request request, pack::Call call) {
        // Shared with the refusal below, which must still be able to answer it.
        auto running = std::make_shared<pack::Call>(std::move(call));
        auto queued = context_->submit([this, shared, running, request = std::move(request)] {
          auto answer = (*shared)(space(running->caller().name_space), request, *running);
          running->answer(mcp::to_reply<Answer>(std::move(answer)));
        });
        if (!queued) running->answer(std::unexpected(std::move(queued.error())));
      });
}

template <typename Request, typename Answer, typename Work>
void ToolRunner::bind(pack::Binder& tools, pack::ToolSpec spec, Work work) {
  const bool writes = !spec.annotations.read_only;
  auto shared = std::make_shared<Work>(std::move(work));
  mcp::Tool<Request, Answer>(std::move(spec))
      .deferred(tools, [this, writes, shared](Request request, pack::Call call) {
        if (writes && call.caller().read_only) {
          return call.answer(fail(Errc::read_only, "this session is read-only; nothing was written",
                                  {"connect without --read-only"}));
        }
        on_pool(std::move(call),
                [shared, request = std::move(request)](Space& space, pack::Call running) {
                  auto answer = (*shared)(space, request, std::as_const(running));
                  running.answer(mcp::to_reply<Answer>(std::move(answer)));
                });
      });
}

}  // namespace hearth::packs::mandates
