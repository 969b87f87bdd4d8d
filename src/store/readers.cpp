#include "store/readers.hpp"

#include <cassert>
#include <utility>

namespace hearth::store {

Reader::Reader(Readers& owner, std::unique_ptr<Database> database, const std::stop_token& stop)
    : owner_(&owner),
      database_(std::move(database)),
      stop_(std::make_unique<StopScope>(*database_, stop)) {}

Reader::~Reader() {
  if (!database_) return;
  stop_.reset();
  owner_->give_back(std::move(database_));
}

Readers::Readers(std::string path, std::size_t most, int cache_kib)
    : path_(std::move(path)), most_(most), cache_kib_(cache_kib) {}

Readers::~Readers() {
  [[maybe_unused]] const auto state = state_.lock();
  assert(state->open == state->at_rest.size());
}

Result<Reader> Readers::take(const std::stop_token& stop) {
  // Wakes the wait below; the lock makes sure that it is waiting, or has not looked yet.
  const std::stop_callback wake(stop, [this] {
    {
      auto state = state_.lock();
    }
    state_.notify_all();
  });
  {
    auto state = state_.lock();
    state.wait([&](const State& now) {
      return !now.at_rest.empty() || now.open < most_ || stop.stop_requested();
    });
    if (stop.stop_requested()) return fail(Errc::cancelled, "cancelled before it began");
    if (!state->at_rest.empty()) {
      auto database = std::move(state->at_rest.back());  // the last used: its cache is warm
      state->at_rest.pop_back();
      return Reader(*this, std::move(database), stop);
    }
    ++state->open;
  }
  auto opened = Database::open(path_, {.mode = OpenMode::read_only,
                                       .busy_timeout = std::chrono::seconds(5),
                                       .cache_kib = cache_kib_});
  if (!opened) {
    --state_.lock()->open;
    state_.notify_one();
    return std::unexpected(std::move(opened.error()));
  }
  return Reader(*this, std::make_unique<Database>(std::move(*opened)), stop);
}

// A stop may have cut short the ROLLBACK of a reader's transaction too; the next one would read
// what was true then. The stop is off by now.
void Readers::give_back(std::unique_ptr<Database> database) {
  if (database->in_transaction()) (void)database->run("ROLLBACK");
  if (database->in_transaction()) {
    database.reset();
    --state_.lock()->open;
  } else {
    state_.lock()->at_rest.push_back(std::move(database));
  }
  state_.notify_one();
}

void Readers::shrink() {
  std::vector<std::unique_ptr<Database>> closing;
  auto state = state_.lock();
  closing.swap(state->at_rest);
  state->open -= closing.size();
}

}  // namespace hearth::store
