// How the tools of the pack run: on the daemon's pool, in the caller's namespace, which is opened
// at its first use, and made by nothing but the first mandate: anybody may name any namespace, and
// each that is open costs threads and files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.hpp"
#include "mcp/binder.hpp"
#include "packs/mandates/secret_slots_wire.hpp"
#include "packs/mandates/space.hpp"

namespace hearth::packs::mandates {

// What a tool does in a namespace that has no mandates.
enum class Without : std::uint8_t {
  refuses,   // not_found
  is_empty,  // gives its answer as it begins: empty lists
};

// How long a tool may block: all packs share few threads for what takes little.
enum class Takes : std::uint8_t { little, seconds };

// `start` before the first call.
class ToolRunner final {
 public:
  // More are not made: each takes some ten threads.
  static constexpr std::size_t most_spaces = 32;

  // Loop thread.
  void start(pack::PackContext& context, Settings settings);
  // Those of a configuration that was read again. Loop thread; does not block.
  void take(Settings settings) { bench_->take(std::move(settings)); }
  // After take(): runs that waited for a model or for secrets go on, and namespaces that are served
  // no more are closed. Any thread; blocks.
  void settings_changed();
  // Returns when no thread of a mandate is left. Any thread.
  void stop();

  [[nodiscard]] pack::PackContext& context() const { return *context_; }
  [[nodiscard]] Workbench& bench() const { return *bench_; }
  // Null where the namespace has no mandates. Any thread; blocks while it opens. One that could not
  // be opened is tried again.
  [[nodiscard]] Result<std::shared_ptr<Space>> space(const std::string& name_space);
  // The same, and makes it; `busy` when there are too many.
  [[nodiscard]] Result<std::shared_ptr<Space>> make_space(const std::string& name_space);
  // Those that are open. Any thread.
  [[nodiscard]] std::vector<std::shared_ptr<Space>> spaces() const;
  // Why a namespace could not be opened the last time; empty: all could.
  [[nodiscard]] std::string problem() const;
  // Tries the walls of the sandbox where an open namespace has a mandate that may need it, so that
  // what does not hold is known before something is to be done. Blocks; any thread.
  void prove_sandbox();

  // Binds a tool: Result<Answer>(Space&, const Request&, const pack::Call&), on the pool. Those
  // whose spec does not say that they only read are refused to callers that may not write. No
  // answer holds a secret that is known.
  template <typename Request, typename Answer, typename Work>
  void bind(pack::Binder& tools,
            pack::ToolSpec spec,
            Work work,
            Without without = Without::refuses);
  // The same for what makes the namespace. Before that check(const Request&, const pack::Call&)
  // says Result<void>, so that what is refused makes none.
  template <typename Request, typename Answer, typename Check, typename Work>
  void bind_making(pack::Binder& tools, pack::ToolSpec spec, Check check, Work work);
  // The same for what can also do without: work(const Result<shared_ptr<Space>>&, …), as space().
  template <typename Request, typename Answer, typename Work>
  void bind_anyway(pack::Binder& tools,
                   pack::ToolSpec spec,
                   Work work,
                   Takes takes = Takes::little);
  // The same for whoever answers by itself: job(Space&, pack::Call); not_found where there is none.
  template <typename Job>
  void on_pool(pack::Call call, Job job);
  // The same: job(const Result<shared_ptr<Space>>&, pack::Call), as space().
  template <typename Job>
  void on_pool_anyway(pack::Call call, Job job, Takes takes = Takes::little);

 private:
  struct Opened {
    bool is_closing = false;
    std::map<std::string, std::shared_ptr<Space>> spaces;  // shared with the calls that use them
    std::string problem;
  };

  [[nodiscard]] Result<std::shared_ptr<Space>> open(const std::string& name_space, bool makes_it);
  void close_what_is_not_served();
  void secrets_tried() const;

  pack::PackContext* context_ = nullptr;
  std::unique_ptr<Workbench> bench_;
  mutable Guarded<Opened> opened_;
  std::stop_source stop_;
};

[[nodiscard]] std::unexpected<Error> no_mandates(const std::string& name_space);
// `read_only` for a caller that may not write.
[[nodiscard]] Result<void> check_writes(const pack::Caller& caller);

// Of a tool that changes nothing, and of one that does.
[[nodiscard]] pack::ToolSpec reading(std::string verb, std::string title, std::string description);
[[nodiscard]] pack::ToolSpec writing(std::string verb,
                                     std::string title,
                                     std::string description,
                                     pack::Annotations annotations = {});

// ---- Implementation ---------------------------------------------------------------------------

template <typename Job>
void ToolRunner::on_pool_anyway(pack::Call call, Job job, Takes takes) {
  // Shared with the refusal below, which must still be able to answer it.
  auto shared = std::make_shared<pack::Call>(std::move(call));
  auto run = [this, shared, job = std::move(job)]() mutable {
    const auto found = space(shared->caller().name_space);
    job(found, std::move(*shared));
  };
  auto queued = takes == Takes::seconds ? context_->submit_long(std::move(run))
                                        : context_->submit(std::move(run));
  if (!queued) shared->answer(std::unexpected(std::move(queued.error())));
}

template <typename Job>
void ToolRunner::on_pool(pack::Call call, Job job) {
  on_pool_anyway(std::move(call),
                 [job = std::move(job)](const Result<std::shared_ptr<Space>>& found,
                                        pack::Call running) mutable {
                   if (!found) return running.answer(std::unexpected(found.error()));
                   if (*found == nullptr)
                     return running.answer(no_mandates(running.caller().name_space));
                   job(**found, std::move(running));
                 });
}

template <typename Request, typename Answer, typename Work>
void ToolRunner::bind_anyway(pack::Binder& tools, pack::ToolSpec spec, Work work, Takes takes) {
  auto shared = std::make_shared<Work>(std::move(work));
  mcp::Tool<Request, Answer>(std::move(spec))
      .deferred_shared(
          tools, [this, shared, takes](std::shared_ptr<const Request> request, pack::Call call) {
            on_pool_anyway(
                std::move(call),
                [this, shared, request = std::move(request)](
                    const Result<std::shared_ptr<Space>>& found, pack::Call running) {
                  auto answer =
                      mcp::to_reply<Answer>((*shared)(found, *request, std::as_const(running)));
                  running.answer(without_secrets(std::move(answer), bench_->redactor()));
                },
                takes);
          });
}

template <typename Request, typename Answer, typename Work>
void ToolRunner::bind(pack::Binder& tools, pack::ToolSpec spec, Work work, Without without) {
  const bool writes = !spec.annotations.read_only;
  bind_anyway<Request, Answer>(
      tools, std::move(spec),
      [writes, without, work = std::move(work)](const Result<std::shared_ptr<Space>>& found,
                                                const Request& request,
                                                const pack::Call& call) -> Result<Answer> {
        if (writes) {
          if (auto may = check_writes(call.caller()); !may)
            return std::unexpected(std::move(may.error()));
        }
        if (!found) return std::unexpected(found.error());
        if (*found != nullptr) return work(**found, request, call);
        if (without == Without::is_empty) return Answer();
        return no_mandates(call.caller().name_space);
      });
}

template <typename Request, typename Answer, typename Check, typename Work>
void ToolRunner::bind_making(pack::Binder& tools, pack::ToolSpec spec, Check check, Work work) {
  bind_anyway<Request, Answer>(
      tools, std::move(spec),
      [this, check = std::move(check), work = std::move(work)](
          const Result<std::shared_ptr<Space>>& found, const Request& request,
          const pack::Call& call) -> Result<Answer> {
        auto may = check_writes(call.caller());
        if (may) may = check(request, call);
        if (!may) return std::unexpected(std::move(may.error()));
        auto space = found;
        if (space && *space == nullptr) space = make_space(call.caller().name_space);
        if (!space) return std::unexpected(std::move(space.error()));
        return work(**space, request, call);
      });
}

}  // namespace hearth::packs::mandates
