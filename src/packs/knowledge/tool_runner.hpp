// How the tools of the pack run: reads on the pool with a connection of the store, writes on its
// writer under the call's key.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "mcp/binder.hpp"
#include "pack/pool_calls.hpp"
#include "packs/knowledge/engine/knowledge_store.hpp"
#include "packs/knowledge/folder_watcher.hpp"
#include "packs/knowledge/stores.hpp"

namespace hearth::packs::knowledge {

class ToolRunner final {
 public:
  // `stores` outlives the runner.
  explicit ToolRunner(Stores& stores);
  void start(pack::PackContext& context) {
    context_ = &context;
    pool_.start(context);
  }
  // Ends what runs without a call.
  void stop();
  // Until nothing of it runs on the pool any more.
  void wait() { pool_.wait(); }

  [[nodiscard]] pack::PackContext& context() const { return *context_; }
  [[nodiscard]] pack::PackContext* const& context_slot() const { return context_; }
  [[nodiscard]] Stores& stores() const { return stores_; }
  [[nodiscard]] pack::PoolCalls::Running running() { return pool_.running(); }
  [[nodiscard]] std::int64_t now_ms() const {
    return context_->clock().wall().time_since_epoch().count();
  }

  // Folders whose files this call may read and write. Loop thread.
  [[nodiscard]] std::vector<std::string> roots(const pack::Call& call) const;
  // Imports a folder again whenever it changes, from now on and after restarts; or no more.
  [[nodiscard]] Result<void> watch_folder(const std::string& name_space,
                                          KnowledgeStore& store,
                                          const std::string& path);
  [[nodiscard]] Result<void> unwatch_folder(const std::string& name_space,
                                            KnowledgeStore& store,
                                            const std::string& path);
  // Goes on with the watches of a store that was opened.
  void resume_watches(const std::string& name_space, KnowledgeStore& store);
  [[nodiscard]] bool has_watches() const { return !watcher_.is_empty(); }

  // read_only, unless this call may write.
  [[nodiscard]] Result<void> check_writable(const pack::Call& call) const;

  // Runs job(call) on the pool, and answers `busy` when that is full.
  template <typename Job>
  void on_pool(pack::Length length, pack::Call call, Job job) {
    pool_.run(length, std::move(call), std::move(job));
  }

  // Binds a tool that reads: Result<Answer>(KnowledgeStore&, store::Database&, const Request&,
  // const pack::Call&), on the pool.
  template <typename Request, typename Answer, typename Read>
  void bind_read(pack::Binder& tools, pack::ToolSpec spec, Read read);

  // Runs `work`, Result<std::string>(store::Database&, WallTime), on the writer, under the call's
  // key or the request's own, and answers with the JSON text it returns.
  template <typename Request, typename Work>
  void write(const Request& request, pack::Call call, Work work);
  // Binds a tool that writes: Result<Answer>(KnowledgeStore&, store::Database&, const Request&,
  // WallTime), on the writer.
  template <typename Request, typename Answer, typename Write>
  void bind_write(pack::Binder& tools, pack::ToolSpec spec, Write write);

 private:
  [[nodiscard]] static std::optional<store::WriteKey> write_key(
      const std::optional<std::string>& own, const pack::Call& call, const std::string& request);
  static void answer_write(pack::Call& call, bool has_own_key, Result<store::WriteOutcome> outcome);

  void import_again(const std::string& name_space, const std::string& path);

  Stores& stores_;
  pack::PackContext* context_ = nullptr;
  pack::PoolCalls pool_;
  std::stop_source stopping_;
  FolderWatcher watcher_;  // its owners are namespaces
};

// ---- Specs ------------------------------------------------------------------------------------

// Of a tool that changes nothing.
[[nodiscard]] pack::ToolSpec reading(std::string verb, std::string title, std::string description);
// Of one that does; its answer is kept with what it wrote.
[[nodiscard]] pack::ToolSpec writing(std::string verb,
                                     std::string title,
                                     std::string description,
                                     pack::Annotations annotations);

// ---- Implementation ---------------------------------------------------------------------------

template <typename Request, typename Answer, typename Read>
void ToolRunner::bind_read(pack::Binder& tools, pack::ToolSpec spec, Read read) {
  mcp::Tool<Request, Answer>(std::move(spec))
      .on_pool(tools, context_,
               [this, read = std::move(read)](const Request& request,
                                              const pack::Call& call) -> Result<Answer> {
                 const auto counted = pool_.running();
                 const auto store = stores_.get(call.caller().name_space);
                 if (!store) return std::unexpected(store.error());
                 auto reader = (*store)->reader(call.stop());
                 if (!reader) return std::unexpected(std::move(reader.error()));
                 return read(**store, **reader, request, call);
               });
}

template <typename Request, typename Work>
void ToolRunner::write(const Request& request, pack::Call call, Work work) {
  if (auto may = check_writable(call); !may) {
    return call.answer(std::unexpected(std::move(may.error())));
  }
  auto key = write_key(request.key, call, json::encode(request));
  const bool has_own_key = request.key.has_value();
  auto send = [work = std::move(work), key = std::move(key), has_own_key, this](
                  const Stores::Shared& store, pack::Call sent) mutable {
    store::WriteJob job;
    job.stop = sent.stop();
    job.key = std::move(key);
    job.run = [work = std::move(work), store = store.get(),
               &clock = context_->clock()](store::Database& database) mutable {
      return work(*store, database, clock.wall());
    };
    job.done = [sent = std::move(sent), has_own_key](Result<store::WriteOutcome> outcome) mutable {
      answer_write(sent, has_own_key, std::move(outcome));
    };
    store->write(std::move(job));
  };
  const std::string name_space = call.caller().name_space;
  // Straight to the writer: so that one commit is as wide as there are callers, and none of them
  // holds a thread of the pool.
  if (const Stores::Shared store = stores_.find(name_space)) return send(store, std::move(call));
  on_pool(pack::Length::brief, std::move(call),
          [this, name_space, send = std::move(send)](pack::Call waiting) mutable {
            const auto store = stores_.get(name_space);
            if (!store) return waiting.answer(std::unexpected(store.error()));
            send(*store, std::move(waiting));
          });
}

template <typename Request, typename Answer, typename Write>
void ToolRunner::bind_write(pack::Binder& tools, pack::ToolSpec spec, Write write_request) {
  mcp::Tool<Request, Answer>(std::move(spec))
      .deferred_shared(tools, [this, write_request = std::move(write_request)](
                                  const std::shared_ptr<const Request>& request, pack::Call call) {
        write(*request, std::move(call),
              [request, write_request](KnowledgeStore& store, store::Database& database,
                                       WallTime now) -> Result<std::string> {
                const Result<Answer> answer = write_request(store, database, *request, now);
                if (!answer) return std::unexpected(answer.error());
                return json::encode(*answer);
              });
      });
}

}  // namespace hearth::packs::knowledge
