#include "packs/knowledge/engine/knowledge_store.hpp"

#include <algorithm>
#include <filesystem>
#include <future>
#include <system_error>
#include <utility>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "packs/knowledge/engine/schema.hpp"
#include "store/env.hpp"

namespace hearth::packs::knowledge {
namespace {

namespace fs = std::filesystem;

// Opened as needed, the last used first: an idle store has one. Each has a cache of its own.
constexpr std::size_t most_readers = 4;
constexpr int reader_cache_kib = 1024;
constexpr int writer_cache_kib = 2048;

constexpr std::string_view vectors_prefix = "vectors-";

}  // namespace

KnowledgeStore::KnowledgeStore(std::string path, const Clock& clock, StoreOptions options)
    : path_(std::move(path)),
      clock_(clock),
      options_(std::move(options)),
      readers_(path_, most_readers, reader_cache_kib),
      feed_(options_.embedder.get()) {}

KnowledgeStore::~KnowledgeStore() {
  close();
}

Result<std::unique_ptr<KnowledgeStore>> KnowledgeStore::open(const std::string& path,
                                                             const Clock& clock,
                                                             const StoreOptions& options) {
  std::unique_ptr<KnowledgeStore> made(new KnowledgeStore(path, clock, options));
  if (options.is_read_only) {
    auto reader = made->reader({});
    if (!reader) return std::unexpected(std::move(reader.error()));
    auto done = store::check_version(**reader, knowledge_schema());
    if (done) done = made->open_indexes(**reader);
    if (done) done = made->feed_.begin(**reader);
    if (!done) return std::unexpected(std::move(done.error()));
    made->keeper_->start();
    return made;
  }
  auto database = store::Database::open(
      path, {.cache_kib = writer_cache_kib, .durability = options.durability});
  if (!database) return std::unexpected(std::move(database.error()));
  auto done = store::migrate(*database, knowledge_schema());
  if (done) done = made->open_indexes(*database);
  if (done) done = made->feed_.begin(*database);
  if (!done) return std::unexpected(std::move(done.error()));
  store::Writer::Options writing;
  writing.committed = [store = made.get()](store::Database& written) {
    auto followed = store->feed_.follow(written);
    if (!followed) {
      log::error("an index missed a write, and catches up",
                 {log::kv("why", followed.error().message)});
    } else if (store->options_.changed && !followed->empty()) {
      store->options_.changed(*followed);
    }
    if (followed && followed->empty()) return;  // nothing that an index sees
    store->keeper_->nudge();
    if (store->embedding_) store->embedding_->nudge();
  };
  auto writer = store::Writer::start(std::move(*database), clock, std::move(writing));
  if (!writer) return std::unexpected(std::move(writer.error()));
  made->writer_ = std::move(*writer);
  // From here on others write: nothing that they use comes or goes.
  made->remove_other_vectors();
  made->keeper_->start();
  if (made->embedding_) made->embedding_->start();
  return made;
}

// Of a store of another process: in a directory of our own, filled from the database, since the
// owner's files come and go with its merges.
Result<std::string> KnowledgeStore::index_directory(const std::string& name) const {
  const std::string parent =
      private_indexes_ ? private_indexes_->path() : store::directory_of(path_);
  const std::string directory = parent + "/" + name;
  std::error_code error;
  // Something else in its place is no index.
  if (!fs::is_directory(directory, error)) fs::remove(directory, error);
  error.clear();
  if (fs::create_directory(directory, error)) {
    fs::permissions(directory, fs::perms::owner_all, error);
    if (auto synced = store::system_env().sync_directory(parent); !synced) {
      return std::unexpected(std::move(synced.error()));
    }
  }
  if (error) return fail(Errc::io, "make " + directory + ": " + error.message());
  return directory;
}

namespace {

Result<std::optional<EmbeddingModel>> read_model(store::Database& database) {
  auto rows =
      database.query("SELECT name, dimensions, unrelated_mean, unrelated_deviation FROM model");
  if (!rows.next()) {
    if (!rows.ok()) return std::unexpected(rows.error());
    return std::nullopt;
  }
  return EmbeddingModel{.name = std::string(rows.text(0)),
                        .dimensions = static_cast<std::uint32_t>(rows.integer(1)),
                        .unrelated_mean = static_cast<float>(rows.real(2)),
                        .unrelated_deviation = static_cast<float>(rows.real(3))};
}

Result<std::string> write_model(store::Database& database, const EmbeddingModel& model) {
  auto done = database.run(
      "INSERT INTO model VALUES(1, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name, "
      "dimensions = excluded.dimensions, unrelated_mean = excluded.unrelated_mean, "
      "unrelated_deviation = excluded.unrelated_deviation",
      model.name, model.dimensions, static_cast<double>(model.unrelated_mean),
      static_cast<double>(model.unrelated_deviation));
  if (!done) return std::unexpected(std::move(done.error()));
  return std::string();
}

}  // namespace

Result<void> KnowledgeStore::open_indexes(store::Database& database) {
  if (options_.is_read_only) {
    auto made = store::PrivateDirectory::make("hearth-index-");
    if (!made) return std::unexpected(std::move(made.error()));
    private_indexes_.emplace(std::move(*made));
  }
  const auto directory = index_directory("text");
  if (!directory) return std::unexpected(directory.error());
  auto text = TextLeg::open(store::system_env(), *directory);
  if (!text) return std::unexpected(std::move(text.error()));
  text_ = std::move(*text);
  feed_.add(*text_);
  keeper_ = std::make_unique<IndexKeeper>(
      feed_, readers_, clock_, options_.unload_after, [this](std::uint64_t covered) {
        // The index of a model that is not known yet may be there from before, and lack removals.
        if (!writer_ || (options_.embedder && !vectors())) return;
        write({.run = [covered](store::Database& database) -> Result<std::string> {
                 auto done = database.run("DELETE FROM removed WHERE seq <= ?", covered);
                 if (!done) return std::unexpected(std::move(done.error()));
                 return std::string();
               },
               .done = [](auto&&) {},
               .key = {},
               .stop = {}});
      });
  if (options_.embedder) {
    const auto remembered = read_model(database);
    if (!remembered) return std::unexpected(remembered.error());
    if (*remembered) options_.embedder->remember(**remembered);
    if (const auto model = options_.embedder->model()) {
      if (auto done = open_vectors(*model); !done) return done;
    }
  }
  keeper_->add(*text_);
  if (const auto vectors = *vectors_.lock()) keeper_->add(*vectors);
  if (options_.embedder && options_.embedder->source() == VectorSource::server &&
      !options_.is_read_only) {
    embedding_ = std::make_unique<EmbeddingWorker>(
        *options_.embedder, readers_, [this](auto run) { return write_and_wait(std::move(run)); },
        [this](const EmbeddingModel& model) { take_model(model); });
  }
  return {};
}

Result<void> KnowledgeStore::open_vectors(const EmbeddingModel& model) {
  const std::string name =
      std::string(vectors_prefix) +
      fingerprint_hex(model.name + "\n" + std::to_string(model.dimensions)).substr(0, 16);
  const auto directory = index_directory(name);
  if (!directory) return std::unexpected(directory.error());
  auto leg = VectorLeg::open(store::system_env(), *directory, {.model = model});
  if (!leg) return std::unexpected(std::move(leg.error()));
  std::shared_ptr<VectorLeg> vectors = std::move(*leg);
  feed_.add(*vectors, &model);
  *vectors_.lock() = std::move(vectors);
  return {};
}

// On the embedding worker's thread. One of another length than was remembered has its index from
// the next start on: until then its vectors are stored, and no search uses them.
void KnowledgeStore::take_model(const EmbeddingModel& model) {
  if (!vectors()) {
    if (auto done = open_vectors(model); !done) {
      log::error("no vectors can be kept", {log::kv("why", done.error().message)});
      return;
    }
    keeper_->add(**vectors_.lock());
    remove_other_vectors();
  }
  auto written =
      write_and_wait([model](store::Database& database) { return write_model(database, model); });
  if (!written) log::warning("the model is not noted", {log::kv("why", written.error().message)});
}

// Indexes of models that were asked before: their vectors would be compared with nothing.
void KnowledgeStore::remove_other_vectors() {
  const auto now = vectors();
  if (!now && options_.embedder) return;  // its model is not known yet
  std::error_code ignored;
  for (const auto& each : fs::directory_iterator(store::directory_of(path_), ignored)) {
    const std::string name = each.path().filename().string();
    if (!name.starts_with(vectors_prefix) || (now && each.path() == now->directory())) continue;
    log::info("vectors of another model are removed", {log::kv("directory", name)});
    fs::remove_all(each.path(), ignored);
  }
}

std::shared_ptr<const VectorLeg> KnowledgeStore::vectors() const {
  return *vectors_.lock();
}

std::optional<EmbeddingModel> KnowledgeStore::supplied_model() const {
  const auto vectors = *vectors_.lock();
  if (!vectors || options_.embedder->source() == VectorSource::immediate) return std::nullopt;
  return vectors->kind().model;
}

namespace {

constexpr std::chrono::milliseconds query_time{1'500};
constexpr std::chrono::milliseconds rest_after_timeout{5'000};
constexpr std::size_t most_slow_queries = 2;

// Requests the stop after some time, or when another stop is requested.
class TimeLimit {
 public:
  TimeLimit(std::chrono::milliseconds time, const std::stop_token& stop)
      : forward_(stop, [this] { source_.request_stop(); }),
        thread_([this, until = std::chrono::steady_clock::now() + time] {
          auto is_over = is_over_.lock();
          if (!is_over.wait_until(until, [](bool over) { return over; })) source_.request_stop();
        }) {}
  ~TimeLimit() {
    *is_over_.lock() = true;
    is_over_.notify_all();
  }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::stop_callback<std::function<void()>> forward_;
  Guarded<bool> is_over_;
  std::jthread thread_;
};

}  // namespace

Result<std::vector<float>> KnowledgeStore::embed_query(std::string_view text,
                                                       const std::stop_token& stop) {
  Embedder& embedder = *options_.embedder;
  if (embedder.source() != VectorSource::server)
    return embedder.embed({&text, 1}, Purpose::query, stop);
  if (clock_.monotonic() < *no_query_before_.lock()) {
    return fail(Errc::unavailable, "the model did not answer in time, and rests for some seconds");
  }
  const MonotonicTime began = clock_.monotonic();
  {
    auto asking = asking_.lock();
    if (asking->size() >= most_slow_queries && began - asking->front() >= options_.slow_query) {
      return fail(Errc::unavailable, "the model is busy with other queries");
    }
    asking->push_back(began);
  }
  const TimeLimit limit(query_time, stop);
  auto vector = embedder.embed({&text, 1}, Purpose::query, limit.token());
  {
    auto asking = asking_.lock();
    asking->erase(std::ranges::find(*asking, began));
  }
  if (!vector && limit.token().stop_requested() && !stop.stop_requested()) {
    *no_query_before_.lock() = clock_.monotonic() + rest_after_timeout;
    return fail(Errc::unavailable,
                "the model did not answer within " + std::to_string(query_time.count()) + " ms");
  }
  return vector;
}

Result<void> KnowledgeStore::begin_search(store::Database& database) {
  keeper_->note_use();
  if (!options_.is_read_only) return {};
  const std::scoped_lock lock(refreshing_);
  auto followed = feed_.follow(database);
  if (!followed) return std::unexpected(std::move(followed.error()));
  return {};
}

std::optional<std::string> KnowledgeStore::text_lacks() const {
  const std::uint64_t missing = feed_.missing(*text_);
  if (missing > 0) {
    return "the index of words is being made; " + std::to_string(missing) + " changes are to come";
  }
  return std::nullopt;
}

std::optional<std::string> KnowledgeStore::vectors_lack() const {
  if (!options_.embedder) return options_.no_embedder;
  const auto vectors = *vectors_.lock();
  if (!vectors) {
    if (embedding_) {
      if (auto lacks = embedding_->lacks()) return lacks;
    }
    const auto model = options_.embedder->model();
    return model ? "the model is not known yet" : model.error().message;
  }
  if (const std::uint64_t missing = feed_.missing(*vectors); missing > 0) {
    return "the index of vectors is being made; " + std::to_string(missing) +
           " changes are to come";
  }
  if (embedding_) {
    if (auto lacks = embedding_->lacks()) return lacks;
  }
  if (options_.embedder->source() == VectorSource::immediate) return std::nullopt;
  const std::uint64_t all = text_->status().live;
  const std::uint64_t having = vectors->status().live;
  if (having >= all || text_lacks()) return std::nullopt;
  return std::to_string(all - having) + " of " + std::to_string(all) + " entries have no vector";
}

Result<void> KnowledgeStore::rebuild_text() {
  keeper_->rebuild(*text_);
  return {};
}

Result<void> KnowledgeStore::rebuild_vectors() {
  const auto vectors = *vectors_.lock();
  if (!vectors) return fail(Errc::unavailable, "there are no vectors: " + *vectors_lack());
  keeper_->rebuild(*vectors);
  return {};
}

void KnowledgeStore::write(store::WriteJob job) {
  if (writer_) return writer_->submit(std::move(job));
  job.done(fail(Errc::read_only, path_ + " belongs to another process; nothing was written"));
}

Result<std::string> KnowledgeStore::write_and_wait(
    std::move_only_function<Result<std::string>(store::Database&)> run,
    const std::stop_token& stop) {
  auto promise = std::make_shared<std::promise<Result<store::WriteOutcome>>>();
  auto outcome = promise->get_future();
  write(
      {.run = std::move(run),
       .done = [promise](Result<store::WriteOutcome> done) { promise->set_value(std::move(done)); },
       .key = {},
       .stop = stop});
  auto done = outcome.get();
  if (!done) return std::unexpected(std::move(done.error()));
  return std::move(done->reply);
}

void KnowledgeStore::close() {
  if (embedding_) embedding_->close();
  if (keeper_) keeper_->close();
  if (!writer_) return;
  readers_.shrink();  // so that they do not hold the journal
  writer_->close();
}

std::uint64_t KnowledgeStore::bytes() const {
  std::uint64_t all = 0;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    all += store::system_env().size(path_ + suffix).value_or(0);
  }
  all += text_->status().bytes_on_disk;
  if (const auto vectors = *vectors_.lock()) all += vectors->status().bytes_on_disk;
  return all;
}

}  // namespace hearth::packs::knowledge
