#include "packs/knowledge/engine/embedding_worker.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "packs/knowledge/engine/rows.hpp"

namespace hearth::packs::knowledge {
namespace {

constexpr std::size_t batch = 64;  // texts at once
constexpr int changes_of_a_stretch = 2048;
constexpr std::chrono::milliseconds first_pause{1'000};
constexpr std::chrono::milliseconds longest_pause{60'000};

// One at a time: a text that the model refuses alone is left without a vector, the others are not.
bool is_about_the_texts(const Error& error) {
  return error.code == Errc::invalid_args;
}

}  // namespace

EmbeddingWorker::EmbeddingWorker(Embedder& embedder,
                                 store::Readers& readers,
                                 Write write,
                                 Known known)
    : embedder_(embedder),
      readers_(readers),
      write_(std::move(write)),
      known_(std::move(known)),
      pause_(first_pause) {}

void EmbeddingWorker::start() {
  thread_ = std::thread([this] { work(); });
}

EmbeddingWorker::~EmbeddingWorker() {
  close();
}

void EmbeddingWorker::nudge() {
  auto state = state_.lock();
  if (std::exchange(state->is_nudged, true)) return;
  state_.notify_all();
}

void EmbeddingWorker::close() {
  stop_.request_stop();
  state_.lock()->is_closed = true;
  state_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::optional<std::string> EmbeddingWorker::lacks() const {
  const auto state = state_.lock();
  if (state->trouble) return state->trouble;
  if (state->is_nudged || state->is_looking) {
    return "vectors of some entries may still be to be made";
  }
  return std::nullopt;
}

void EmbeddingWorker::work() {
  while (!stop_.stop_requested()) {
    {
      auto state = state_.lock();
      state.wait([](const State& now) { return now.is_closed || now.is_nudged; });
      if (state->is_closed) return;
      state->is_nudged = false;
      state->is_looking = true;
    }
    for (bool is_more = true; is_more && !stop_.stop_requested();) {
      auto done = model_ ? Result<void>() : learn_model();
      auto more = done ? embed_some() : std::unexpected(done.error());
      if (!more) {
        pause_after(more.error());
        continue;
      }
      pause_ = first_pause;
      is_more = *more;
      auto state = state_.lock();
      state->trouble.reset();
      state->is_looking = is_more;
    }
  }
}

// Whether the model answers.
Result<void> EmbeddingWorker::probe() {
  const std::string_view text = "hearth";
  auto vector = embedder_.embed({&text, 1}, Purpose::document, stop_.get_token());
  if (!vector) return std::unexpected(std::move(vector.error()));
  return {};
}

// A server tells its dimensions with its first answer.
Result<void> EmbeddingWorker::learn_model() {
  if (!embedder_.model()) {
    if (auto done = probe(); !done) return done;
  }
  auto model = embedder_.model();
  if (!model) return std::unexpected(std::move(model.error()));
  known_(*model);
  model_ = std::move(*model);
  return {};
}

// Some changes further on: those of them that lack a vector. In short reads, since a long one keeps
// the journal from being emptied.
Result<EmbeddingWorker::Stretch> EmbeddingWorker::read_stretch() {
  auto reader = readers_.take(stop_.get_token());
  if (!reader) return std::unexpected(std::move(reader.error()));
  Stretch stretch{.waiting = {}, .last = looked_at_, .is_last = true};
  std::vector<std::int64_t> lacking;
  {
    auto rows = (*reader)->query(
        "SELECT e.seq, e.n, e.deleted_ms IS NULL AND v.n IS NULL FROM entries e "
        "LEFT JOIN vectors v ON v.n = e.n AND v.model = ? AND length(v.vector) = ? "
        "WHERE e.seq > ? ORDER BY e.seq LIMIT ?",
        model_->name, vector_bytes(model_->dimensions), looked_at_, changes_of_a_stretch);
    for (int changes = 0; rows.next();) {
      stretch.last = rows.integer(0);
      if (rows.integer(2) != 0) lacking.push_back(rows.integer(1));
      stretch.is_last = ++changes < changes_of_a_stretch;
      if (lacking.size() == batch) {
        stretch.is_last = false;
        break;
      }
    }
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  for (const std::int64_t n : lacking) {
    auto rows = (*reader)->query("SELECT seq, title, text FROM entries WHERE n = ?", n);
    if (rows.next()) {
      stretch.waiting.push_back({n, rows.integer(0), embedded_text(rows.text(1), rows.text(2))});
    }
    if (!rows.ok()) return std::unexpected(rows.error());
  }
  return stretch;
}

Result<bool> EmbeddingWorker::embed_some() {
  auto stretch = read_stretch();
  if (!stretch) return std::unexpected(std::move(stretch.error()));
  if (!stretch->waiting.empty()) {
    auto done = embed(stretch->waiting);
    if (!done) return std::unexpected(std::move(done.error()));
  }
  looked_at_ = stretch->last;
  return !stretch->is_last;
}

// All at once, or one by one when the model does not take all of them.
Result<void> EmbeddingWorker::embed(const std::vector<Waiting>& waiting) {
  std::vector<std::string_view> texts;
  for (const Waiting& each : waiting) texts.emplace_back(each.text);
  auto vectors = embedder_.embed(texts, Purpose::document, stop_.get_token());
  if (vectors && vectors->size() != waiting.size() * model_->dimensions) {
    model_.reset();  // to be learnt anew, and everything to be looked at again
    looked_at_ = 0;
    return fail(Errc::unavailable, "another model answers by the same name");
  }
  if (vectors) return store(waiting, *vectors);
  if (!is_about_the_texts(vectors.error())) return std::unexpected(std::move(vectors.error()));
  if (waiting.size() == 1) {
    // Unless the model takes none at all.
    if (auto any = probe(); !any) return any;
    log::warning("an entry stays without a vector",
                 {log::kv("entry", std::to_string(waiting.front().n)),
                  log::kv("why", vectors.error().message)});
    return {};
  }
  for (const Waiting& each : waiting) {
    if (auto done = embed({each}); !done) return done;
  }
  return {};
}

// What was changed meanwhile is left for later: its number has grown.
Result<void> EmbeddingWorker::store(const std::vector<Waiting>& entries,
                                    const std::vector<float>& vectors) {
  const std::size_t size = vectors.size() / entries.size();
  auto done = write_([&entries, &vectors, size,
                      model = model_->name](store::Database& database) -> Result<std::string> {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto now = database.integer("SELECT seq FROM entries WHERE n = ?", entries[i].n);
      if (!now) return std::unexpected(now.error());
      if (now->value_or(0) != entries[i].seq) continue;
      const auto begin = vectors.begin() + static_cast<std::ptrdiff_t>(i * size);
      const std::vector<float> vector(begin, begin + static_cast<std::ptrdiff_t>(size));
      if (auto stored = store_vector(database, entries[i].n, model, vector); !stored) {
        return std::unexpected(std::move(stored.error()));
      }
    }
    return std::string();
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

void EmbeddingWorker::pause_after(const Error& error) {
  if (error.code == Errc::cancelled) return;
  auto state = state_.lock();
  if (state->trouble != error.message) {
    log::warning("no vectors are made now", {log::kv("why", error.message)});
  }
  state->trouble = error.message;
  (void)state.wait_until(std::chrono::steady_clock::now() + pause_,
                         [](const State& now) { return now.is_closed; });
  pause_ = std::min(2 * pause_, longest_pause);
}

}  // namespace hearth::packs::knowledge
