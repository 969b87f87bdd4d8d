// How the tools of the pack run: reads on the pool, writes through the writer of the caller's
// repository, under the call's key.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

#include "mcp/binder.hpp"
#include "pack/pool_calls.hpp"
#include "packs/issues/engine/issue_store.hpp"
#include "packs/issues/stores.hpp"
#include "packs/issues/whereabouts.hpp"

namespace hearth::packs::issues {

class ToolRunner final {
 public:
  // `stores` outlives the runner.
  explicit ToolRunner(Stores& stores) : stores_(stores) {}
  void start(pack::PackContext& context) {
    context_ = &context;
    pool_.start(context);
  }
  // Until nothing of it runs on the pool any more.
  void wait() { pool_.wait(); }

  [[nodiscard]] pack::PackContext& context() const { return *context_; }
  [[nodiscard]] Stores& stores() const { return stores_; }
  // Of the sessions whose calls have said where they work.
  [[nodiscard]] Whereabouts& whereabouts() { return whereabouts_; }
  [[nodiscard]] pack::PoolCalls::Running running() { return pool_.running(); }
  [[nodiscard]] std::uint64_t now_ms() const;

  // The store of the repository that the caller is in, caught up with its log; or as it is, for
  // what must work where that fails. Blocks.
  enum class Start : std::uint8_t { caught_up, as_it_is };
  [[nodiscard]] Result<Stores::Shared> store_of(const pack::Call& call,
                                                Start start = Start::caught_up);
  // Answers a call for which store_of failed; where its directory is in no repository, by asking
  // its client for its roots first.
  static void answer_without_store(pack::Call& call, const Error& why);
  // The key under which a write is in the log: the caller's own, else the transport's; nothing
  // without either. `request` is what the call asked for.
  [[nodiscard]] static std::optional<CallKey> write_key(const std::optional<std::string>& own,
                                                        const pack::Call& call,
                                                        const std::string& request);
  // read_only, unless this call may write.
  [[nodiscard]] static Result<void> check_writable(const pack::Call& call);

  // Runs job(call) on the pool, and answers `busy` when that is full.
  template <typename Job>
  void on_pool(pack::Length length, pack::Call call, Job job) {
    pool_.run(length, std::move(call), std::move(job));
  }

  // Binds a tool that reads, or does work of its own: Result<Answer>(IssueStore&, const Request&,
  // const pack::Call&), on the pool; twice where what is kept of the log turns out to be damaged.
  // Those whose spec does not say that they only read are refused to callers that may not write,
  // unless the request has a member `fix` that is not set.
  template <typename Request, typename Answer, typename Work>
  void bind(pack::Binder& tools,
            pack::ToolSpec spec,
            pack::Length length,
            Work work,
            Start start = Start::caught_up);

  // Binds a tool that appends events: make, Result<Batch>(const Request&, const Board&,
  // store::Database&, const Actor&), on the writer; answer, Answer(const Request&, const Receipt&),
  // afterwards. Request has the members `actor` and `key`.
  template <typename Request, typename Answer, typename Make, typename Tell>
  void bind_write(pack::Binder& tools, pack::ToolSpec spec, Make make, Tell tell);

 private:
  Stores& stores_;
  Whereabouts whereabouts_;
  pack::PackContext* context_ = nullptr;
  pack::PoolCalls pool_;
};

// ---- Specs: of tools that may ask first where the caller works ---------------------------------

// Of a tool that changes nothing.
[[nodiscard]] pack::ToolSpec reading(std::string verb, std::string title, std::string description);
// Of one that appends events; key and events are committed together.
[[nodiscard]] pack::ToolSpec writing(std::string verb,
                                     std::string title,
                                     std::string description,
                                     pack::Annotations annotations = {});
// Of one that does something else, and may be done again.
[[nodiscard]] pack::ToolSpec doing(std::string verb,
                                   std::string title,
                                   std::string description,
                                   pack::Annotations annotations = {});

// ---- Implementation ---------------------------------------------------------------------------

template <typename Request, typename Answer, typename Work>
void ToolRunner::bind(
    pack::Binder& tools, pack::ToolSpec spec, pack::Length length, Work work, Start start) {
  const bool writes = !spec.annotations.read_only;
  auto shared = std::make_shared<Work>(std::move(work));
  mcp::Tool<Request, Answer>(std::move(spec))
      .deferred_shared(tools, [this, length, writes, shared, start](
                                  std::shared_ptr<const Request> request, pack::Call call) {
        on_pool(length, std::move(call),
                [this, writes, shared, start, request = std::move(request)](pack::Call waiting) {
                  bool changes = writes;
                  if constexpr (requires { bool(request->fix); }) changes = writes && request->fix;
                  auto may = changes ? check_writable(waiting) : Result<void>();
                  if (!may) return waiting.answer(std::unexpected(std::move(may.error())));
                  const auto store = store_of(waiting, start);
                  if (!store) return answer_without_store(waiting, store.error());
                  Result<Answer> outcome = (*shared)(**store, *request, std::as_const(waiting));
                  const bool is_damaged = !outcome && outcome.error().code == Errc::damaged;
                  if (is_damaged && (*store)->mend(outcome.error())) {
                    outcome = (*shared)(**store, *request, std::as_const(waiting));
                  }
                  waiting.answer(mcp::to_reply<Answer>(outcome));
                });
      });
}

// So that the answer names issues by their whole ids, also where nothing is written.
template <typename Request>
Request with_whole_ids(IssueStore& store, Request request) {
  const auto complete = [&store](std::string& prefix) {
    if (const auto id = store.board()->resolve(prefix)) prefix = hex_of(*id);
  };
  if constexpr (requires { complete(request.id); }) complete(request.id);
  if constexpr (requires { complete(request.target); }) complete(request.target);
  return request;
}

// Two links that are good each by itself can close a circle together.
template <typename Request>
bool adds_links(const Request& request) {
  if constexpr (requires { request.target; }) return true;
  if constexpr (requires { request.depends_on.empty(); }) {
    if (!request.depends_on.empty()) return true;
  }
  if constexpr (requires { request.issues->front(); }) {
    if (request.issues &&
        std::ranges::any_of(*request.issues,
                            adds_links<typename std::decay_t<decltype(request.issues->front())>>))
      return true;
  }
  if constexpr (requires { request.parent.has_value(); }) return request.parent.has_value();
  return false;
}

template <typename Request, typename Answer, typename Make, typename Tell>
void ToolRunner::bind_write(pack::Binder& tools, pack::ToolSpec spec, Make make, Tell tell) {
  mcp::Tool<Request, Answer>(std::move(spec))
      .deferred_shared(tools, [this, make, tell](const std::shared_ptr<const Request>& asked,
                                                 pack::Call call) {
        if (auto may = check_writable(call); !may) {
          return call.answer(std::unexpected(std::move(may.error())));
        }
        on_pool(
            pack::Length::brief, std::move(call), [this, asked, make, tell](pack::Call waiting) {
              const auto store = store_of(waiting);
              if (!store) return answer_without_store(waiting, store.error());
              const auto request = std::make_shared<const Request>(with_whole_ids(**store, *asked));
              WriteJob job;
              job.actor = request->actor.value_or("");
              job.key = write_key(request->key, waiting, json::encode(*asked));
              job.stop = waiting.stop();
              job.minds_others = adds_links(*request);
              job.make = [make, request](const Board& board, store::Database& database,
                                         const Actor& actor) {
                return make(*request, board, database, actor);
              };
              // The store lives at least until its writer has answered.
              job.done = [request, tell, keep = *store,
                          sent = std::move(waiting)](Result<Receipt> receipt) mutable {
                if (!receipt) return sent.answer(std::unexpected(std::move(receipt.error())));
                const Answer answer = tell(*request, *receipt);
                sent.answer(
                    pack::Reply{.structured = json::encode(answer), .replayed = receipt->replayed});
              };
              (*store)->write(std::move(job));
            });
      });
}

}  // namespace hearth::packs::issues
