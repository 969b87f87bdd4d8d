// An index in a directory of its own, which is made again, empty, where it cannot be used: what the
// legs have in common. A Kind names its index and says how an entry gets into it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "base/guarded.hpp"
#include "base/log.hpp"
#include "packs/knowledge/engine/index_leg.hpp"
#include "store/env.hpp"

namespace hearth::packs::knowledge {

template <typename Kind>
class StoredLeg final : public IndexLeg {
 public:
  using Index = typename Kind::Index;

  [[nodiscard]] static Result<std::unique_ptr<StoredLeg>> open(store::Env& env,
                                                               const std::string& directory,
                                                               Kind kind = {}) {
    std::unique_ptr<StoredLeg> leg(new StoredLeg(env, directory, std::move(kind)));
    auto index = Index::open(env, directory, leg->kind_.schema());
    if (!index) {
      log::warning("an index is made again",
                   {log::kv("index", Kind::name), log::kv("why", index.error().message)});
      index = leg->recreate();
    }
    if (!index) return std::unexpected(std::move(index.error()).within("open an index"));
    *leg->index_.lock() = std::move(*index);
    return leg;
  }

  [[nodiscard]] const Kind& kind() const { return kind_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  // For searches; shared, since a restart puts another in its place. Any thread.
  [[nodiscard]] std::shared_ptr<const Index> index() const { return now(); }

  [[nodiscard]] std::string_view name() const override { return Kind::name; }
  [[nodiscard]] bool wants_vectors() const override { return Kind::wants_vectors; }
  [[nodiscard]] std::uint64_t most_uncovered() const override { return Kind::most_uncovered; }
  [[nodiscard]] Result<void> put(const IndexedEntry& entry) override {
    return Kind::put(*now(), entry);
  }
  void erase(std::int64_t n) override { now()->erase(static_cast<search::Key>(n)); }
  [[nodiscard]] Result<void> commit(std::uint64_t sequence) override {
    return Kind::commit(*now(), sequence);
  }
  [[nodiscard]] Result<void> restart(std::span<const IndexedEntry> entries) override {
    auto made = recreate();
    if (!made) return std::unexpected(std::move(made.error()).within("make an index again"));
    for (const IndexedEntry& entry : entries) {
      if (auto done = Kind::put(**made, entry); !done) return done;
    }
    if (auto done = Kind::commit(**made, 0); !done) return done;
    *index_.lock() = std::move(*made);
    return {};
  }

  [[nodiscard]] search::IndexStatus status() const override { return now()->status(); }
  [[nodiscard]] Result<bool> maintain(const std::stop_token& stop) override {
    return now()->maintain(stop);
  }
  [[nodiscard]] Result<void> flush(const std::stop_token& stop) override {
    return now()->flush(stop);
  }
  [[nodiscard]] Result<void> verify(const std::stop_token& stop) override {
    return now()->verify(stop);
  }
  void unload() const override { now()->unload(); }

 private:
  StoredLeg(store::Env& env, std::string directory, Kind kind)
      : env_(env), directory_(std::move(directory)), kind_(std::move(kind)) {}
  [[nodiscard]] std::shared_ptr<Index> now() const { return *index_.lock(); }
  [[nodiscard]] Result<std::unique_ptr<Index>> recreate() const {
    // It may have been removed while the daemon lives.
    std::error_code ignored;
    std::filesystem::create_directory(directory_, ignored);
    return Index::recreate(env_, directory_, kind_.schema());
  }

  store::Env& env_;
  const std::string directory_;
  const Kind kind_;
  mutable Guarded<std::shared_ptr<Index>> index_;
};

}  // namespace hearth::packs::knowledge
