// The pack itself: declares the tools, sends reads and imports to the pool and writes to the
// store's writer, and turns the engine's outcomes into answers.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "mcp/binder.hpp"
#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/knowledge.hpp"
#include "packs/knowledge/stores.hpp"
#include "packs/knowledge/wire.hpp"

namespace hearth::packs::knowledge {
namespace {

using Shared = Stores::Shared;

constexpr std::chrono::milliseconds import_time_limit = std::chrono::minutes(10);
constexpr std::chrono::milliseconds progress_interval{100};

class Knowledge final : public pack::Pack {
 public:
  Knowledge() : stores_([this](const std::string& name_space) { return open(name_space); }) {}

  std::string_view name() const override { return "knowledge"; }
  void declare(pack::Binder& tools) override;
  void start(pack::PackContext& context) override;
  void stop() override;
  pack::PackStatus status() const override;
  std::vector<pack::StoreStatus> stores() const override;

 private:
  // Counts what runs on the pool, so that stop() can wait for it.
  class Running {
   public:
    explicit Running(Guarded<int>& count) : count_(&count) { ++*count_->lock(); }
    Running(Running&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
    Running& operator=(Running&&) = delete;
    ~Running() {
      if (count_ == nullptr) return;
      // Told under the lock: whoever waits may destroy the count as soon as it is free.
      auto count = count_->lock();
      --*count;
      count_->notify_all();
    }

   private:
    Guarded<int>* count_;
  };

  struct Warm {
    pack::Warmth warmth = pack::Warmth::cold;
    std::string reason;
  };

  void declare_reads(pack::Binder& tools);
  void declare_writes(pack::Binder& tools);
  void declare_import(pack::Binder& tools);
  Result<std::unique_ptr<KnowledgeStore>> open(const std::string& name_space);
  void warm_up();
  [[nodiscard]] Result<void> check_writable(const pack::Call& call) const;

  // Runs job(call) on the pool for short or for long work, and answers `busy` when that is full.
  enum class Length : std::uint8_t { brief, lengthy };
  template <typename Job>
  void on_pool(Length length, pack::Call call, Job job);
  // Runs `work` on the writer, under the call's key, and answers with what it returns.
  template <typename Request, typename Work>
  void write(const Request& request, pack::Call call, Work work);
  template <typename Answer, typename Read>
  Result<Answer> read(const pack::Call& call, Read read);

  pack::PackContext* context_ = nullptr;
  mutable Stores stores_;
  mutable Guarded<Warm> warm_;
  Guarded<int> running_;
};

// ---- Life -------------------------------------------------------------------------------------

void Knowledge::start(pack::PackContext& context) {
  context_ = &context;
  warm_.lock()->warmth = pack::Warmth::warming;
  auto queued = context.submit([this, running = Running(running_)] { warm_up(); });
  if (!queued) *warm_.lock() = {};  // the first call will do it
}

void Knowledge::warm_up() {
  Result<void> done;
  if (auto store = stores_.get("default"); !store) {
    done = std::unexpected(std::move(store.error()));
  } else if (auto reader = (*store)->reader({}); !reader) {
    done = std::unexpected(std::move(reader.error()));
  } else if (auto page = search_entries(**reader, {.query = "warm", .filter = {}}); !page) {
    done = std::unexpected(std::move(page.error()));
  }
  if (done) {
    *warm_.lock() = {pack::Warmth::warm, ""};
    return;
  }
  log::warning("knowledge is not warm", {log::kv("why", done.error().message)});
  *warm_.lock() = {pack::Warmth::degraded, done.error().message};
}

void Knowledge::stop() {
  stores_.close();
  auto running = running_.lock();
  running.wait([](int count) { return count == 0; });
}

pack::PackStatus Knowledge::status() const {
  const Warm warm = *warm_.lock();
  return {.warmth = warm.warmth, .reason = warm.reason};
}

std::vector<pack::StoreStatus> Knowledge::stores() const {
  std::vector<pack::StoreStatus> list;
  for (const Stores::Named& each : stores_.all()) {
    list.push_back({each.name_space, each.store->path(), each.store->bytes()});
  }
  return list;
}

Result<std::unique_ptr<KnowledgeStore>> Knowledge::open(const std::string& name_space) {
  const auto directory = context_->data_directory(name_space);
  if (!directory) return std::unexpected(directory.error());
  const bool is_read_only = context_->store_owner().has_value();
  auto store =
      KnowledgeStore::open((*directory / "knowledge.db").string(), context_->clock(),
                           {.durability = context_->is_power_safe() ? store::Durability::power
                                                                    : store::Durability::process,
                            .is_read_only = is_read_only});
  if (!store && is_read_only && store.error().code == Errc::not_found) {
    return fail(Errc::unavailable, "namespace " + name_space + " has no knowledge store yet; " +
                                       *context_->store_owner() +
                                       ", which owns the data, makes it at its first use");
  }
  if (!store) return std::unexpected(std::move(store.error()).within("open knowledge store"));
  context_->publish(pack::EventKind::store, "opened", name_space, R"({"pack":"knowledge"})");
  auto warm = warm_.lock();
  // What degraded the warm-up may be gone since.
  if (name_space == "default" && warm->warmth != pack::Warmth::warming) {
    *warm = {pack::Warmth::warm, ""};
  }
  return store;
}

// ---- Ways to run ------------------------------------------------------------------------------

Result<void> Knowledge::check_writable(const pack::Call& call) const {
  if (call.caller().read_only) {
    return fail(Errc::read_only, "this session is read-only; nothing was written",
                {"connect without --read-only"});
  }
  if (context_->store_owner()) {
    return fail(Errc::read_only,
                "the knowledge store belongs to " + *context_->store_owner() +
                    "; this process only reads it, and nothing was written",
                {"send writes to the process that owns it"});
  }
  return {};
}

template <typename Job>
void Knowledge::on_pool(Length length, pack::Call call, Job job) {
  // Shared with the refusal below, which must still be able to answer it.
  auto shared = std::make_shared<pack::Call>(std::move(call));
  auto task = [running = Running(running_), shared, job = std::move(job)]() mutable {
    job(std::move(*shared));
  };
  auto queued = length == Length::lengthy ? context_->submit_long(std::move(task))
                                          : context_->submit(std::move(task));
  if (!queued) shared->answer(std::unexpected(std::move(queued.error())));
}

template <typename Answer, typename Read>
Result<Answer> Knowledge::read(const pack::Call& call, Read read) {
  const Running running(running_);
  const auto store = stores_.get(call.caller().name_space);
  if (!store) return std::unexpected(store.error());
  auto reader = (*store)->reader(call.stop());
  if (!reader) return std::unexpected(std::move(reader.error()));
  return read(**reader, **store);
}

// The key under which a write and its reply are committed: the caller's own, else the transport's.
std::optional<store::WriteKey> write_key(const std::optional<std::string>& own,
                                         const pack::Call& call,
                                         const std::string& request) {
  const std::string fingerprint = fingerprint_hex(call.tool() + "\n" + request);
  if (own) return store::WriteKey{"user:" + *own, fingerprint};
  if (!call.key().empty()) return store::WriteKey{"call:" + call.key(), fingerprint};
  return std::nullopt;
}

void answer_write(pack::Call& call, bool has_own_key, Result<store::WriteOutcome> outcome) {
  if (!outcome) return call.answer(std::unexpected(std::move(outcome.error())));
  // A resend gets the very answer that was lost; a new call under an old key hears that it is old.
  const bool is_new_call = outcome->replayed && has_own_key && !call.is_resend();
  if (is_new_call && call.tool() == "knowledge_remember") {
    outcome->reply = wire::as_not_created(outcome->reply);
  }
  call.answer(pack::Reply{.structured = std::move(outcome->reply), .replayed = outcome->replayed});
}

template <typename Request, typename Work>
void Knowledge::write(const Request& request, pack::Call call, Work work) {
  if (auto may = check_writable(call); !may) {
    return call.answer(std::unexpected(std::move(may.error())));
  }
  auto key = write_key(request.key, call, json::encode(request));
  const bool has_own_key = request.key.has_value();
  auto send = [work = std::move(work), key = std::move(key), has_own_key, this](
                  KnowledgeStore& store, pack::Call sent) mutable {
    store::WriteJob job;
    job.stop = sent.stop();
    job.key = std::move(key);
    job.run = [work = std::move(work), &clock = context_->clock()](store::Database& database) {
      return work(database, clock.wall());
    };
    job.done = [sent = std::move(sent), has_own_key](Result<store::WriteOutcome> outcome) mutable {
      answer_write(sent, has_own_key, std::move(outcome));
    };
    store.write(std::move(job));
  };
  const std::string name_space = call.caller().name_space;
  // Straight to the writer: so that one commit is as wide as there are callers, and none of them
  // holds a thread of the pool.
  if (const Shared store = stores_.find(name_space)) return send(*store, std::move(call));
  on_pool(Length::brief, std::move(call),
          [this, name_space, send = std::move(send)](pack::Call waiting) mutable {
            const auto store = stores_.get(name_space);
            if (!store) return waiting.answer(std::unexpected(store.error()));
            send(**store, std::move(waiting));
          });
}

// ---- Tools ------------------------------------------------------------------------------------

void Knowledge::declare(pack::Binder& tools) {
  declare_reads(tools);
  declare_writes(tools);
  declare_import(tools);
}

pack::ToolSpec reading(std::string verb, std::string title, std::string description) {
  return {.verb = std::move(verb),
          .title = std::move(title),
          .description = std::move(description),
          .input_schema = {},
          .output_schema = {},
          .annotations = {.read_only = true, .idempotent = true},
          .resend = pack::ResendRule::run_again};
}

pack::ToolSpec writing(std::string verb,
                       std::string title,
                       std::string description,
                       pack::Annotations annotations) {
  return {.verb = std::move(verb),
          .title = std::move(title),
          .description = std::move(description),
          .input_schema = {},
          .output_schema = {},
          .annotations = annotations,
          .resend = pack::ResendRule::stored_key};
}

void Knowledge::declare_reads(pack::Binder& tools) {
  mcp::Tool<wire::SearchQuery, wire::SearchAnswer>(
      reading("search", "Search knowledge",
              "Find notes and imported passages by words, best first. Entries that hold every word "
              "come first; when there are few, entries that hold some of them follow (match "
              "\"some\"). Read a hit whole with knowledge_get."))
      .on_pool(tools, context_, [this](const wire::SearchQuery& query, const pack::Call& call) {
        return read<wire::SearchAnswer>(
            call, [&](store::Database& database, auto&) -> Result<wire::SearchAnswer> {
              auto page = search_entries(database, wire::to_search(query));
              if (!page) return std::unexpected(std::move(page.error()));
              return wire::to_answer(std::move(*page), query.offset);
            });
      });
  mcp::Tool<wire::GetRequest, wire::GetAnswer>(
      reading("get", "Get an entry", "Read one entry whole, by id or a unique prefix of it."))
      .on_pool(tools, context_, [this](const wire::GetRequest& request, const pack::Call& call) {
        return read<wire::GetAnswer>(
            call, [&](store::Database& database, auto&) -> Result<wire::GetAnswer> {
              auto entry = find_entry(database, request.id);
              if (!entry) return std::unexpected(std::move(entry.error()));
              return wire::to_answer(std::move(*entry));
            });
      });
  mcp::Tool<wire::ListQuery, wire::ListAnswer>(
      reading("list", "List entries",
              "List entries, newest first, without their texts; by kind and tags. Go on with the "
              "cursor of the answer."))
      .on_pool(tools, context_, [this](const wire::ListQuery& query, const pack::Call& call) {
        return read<wire::ListAnswer>(
            call, [&](store::Database& database, auto&) -> Result<wire::ListAnswer> {
              auto page = list_entries(database, wire::to_list(query));
              if (!page) return std::unexpected(std::move(page.error()));
              return wire::to_answer(std::move(*page));
            });
      });
  mcp::Tool<wire::StatsRequest, wire::StatsAnswer>(
      reading("stats", "Knowledge statistics", "Count entries by kind, sources, tags and bytes."))
      .on_pool(tools, context_, [this](const wire::StatsRequest&, const pack::Call& call) {
        return read<wire::StatsAnswer>(
            call, [&](store::Database& database, auto& store) -> Result<wire::StatsAnswer> {
              auto stats = read_stats(database);
              if (!stats) return std::unexpected(std::move(stats.error()));
              wire::StatsAnswer answer = wire::to_answer(*stats);
              answer.bytes = static_cast<std::int64_t>(store.bytes());
              answer.path = store.path();
              return answer;
            });
      });
}

void Knowledge::declare_writes(pack::Binder& tools) {
  mcp::Tool<wire::RememberRequest, wire::RememberAnswer>(
      writing("remember", "Remember",
              "Store a note for all later sessions: a decision, a fact, how something is done. One "
              "subject a note. Answered when it is safe on disk.",
              {}))
      .deferred(tools, [this](const wire::RememberRequest& request, pack::Call call) {
        auto entry = wire::to_new_entry(request);
        write(request, std::move(call),
              [entry = std::move(entry)](store::Database& database,
                                         WallTime now) -> Result<std::string> {
                const auto made = add_entry(database, entry, now);
                if (!made) return std::unexpected(made.error());
                return json::encode(wire::to_remembered(*made));
              });
      });
  mcp::Tool<wire::UpdateRequest, wire::UpdateAnswer>(
      writing("update", "Update an entry",
              "Change an entry. What is not given stays; text and tags are replaced, properties "
              "merged. With expected_version nothing that another session wrote is overwritten.",
              {.destructive = true}))
      .deferred(tools, [this](const wire::UpdateRequest& request, pack::Call call) {
        auto change = wire::to_change(request);
        if (!change) return call.answer(std::unexpected(std::move(change.error())));
        const std::string id = request.id;
        write(request, std::move(call),
              [id, change = std::move(*change)](store::Database& database,
                                                WallTime now) -> Result<std::string> {
                const auto changed = change_entry(database, id, change, now);
                if (!changed) return std::unexpected(changed.error());
                return json::encode(wire::to_updated(*changed));
              });
      });
  mcp::Tool<wire::DeleteRequest, wire::DeleteAnswer>(
      writing("delete", "Delete an entry",
              "Remove one entry for good. A passage of an imported file comes back when that file "
              "changes.",
              {.destructive = true, .idempotent = true}))
      .deferred(tools, [this](const wire::DeleteRequest& request, pack::Call call) {
        const std::string id = request.id;
        write(request, std::move(call),
              [id](store::Database& database, WallTime) -> Result<std::string> {
                const auto removed = remove_entry(database, id);
                if (!removed) return std::unexpected(removed.error());
                return json::encode(wire::DeleteAnswer{.id = removed->id, .title = removed->title});
              });
      });
}

// Reports at most ten times a second, and the end.
ImportProgress report_to(const pack::Call& call, const Clock& clock) {
  return [&call, &clock, next = MonotonicTime()](std::int64_t done, std::int64_t total) mutable {
    const MonotonicTime now = clock.monotonic();
    if (now < next && done != total) return;
    next = now + progress_interval;
    call.progress(static_cast<double>(done), static_cast<double>(total),
                  std::to_string(done) + " of " + std::to_string(total) + " files");
  };
}

void Knowledge::declare_import(pack::Binder& tools) {
  pack::ToolSpec spec = writing(
      "import", "Import files",
      "Bring the store up to date with a folder (or file) of Markdown, text and source code: "
      "only what changed is touched, what is gone is removed. Hidden files, build and dependency "
      "folders, binaries and files above 1 MiB are skipped and counted.",
      {.destructive = true, .idempotent = true});
  spec.resend = pack::ResendRule::run_again;
  spec.time_limit = import_time_limit;
  spec.task = pack::TaskSupport::optional;
  mcp::Tool<wire::ImportRequest, wire::ImportAnswer>(std::move(spec))
      .deferred(tools, [this](wire::ImportRequest request, pack::Call call) {
        if (auto may = check_writable(call); !may) {
          return call.answer(std::unexpected(std::move(may.error())));
        }
        std::vector<std::string> roots = context_->roots();
        const std::string& project = call.caller().project_root;
        if (!project.empty()) roots.insert(roots.begin(), project);
        on_pool(
            Length::lengthy, std::move(call),
            [this, path = std::move(request.path), roots = std::move(roots)](pack::Call running) {
              const auto import = [&]() -> Result<wire::ImportAnswer> {
                const auto real = confine(path, running.caller().cwd, roots);
                if (!real) return std::unexpected(real.error());
                const auto store = stores_.get(running.caller().name_space);
                if (!store) return std::unexpected(store.error());
                const auto report = import_files(**store, *real, running.stop(),
                                                 report_to(running, context_->clock()));
                if (!report) return std::unexpected(report.error());
                return wire::to_answer(*report);
              };
              auto answer = mcp::to_reply(import());
              running.answer(std::move(answer));
            });
      });
}

}  // namespace

std::unique_ptr<pack::Pack> make_pack() {
  return std::make_unique<Knowledge>();
}

}  // namespace hearth::packs::knowledge
