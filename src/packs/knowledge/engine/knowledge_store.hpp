// One namespace's knowledge: its file, its writer, its readers.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/readers.hpp"
#include "store/writer.hpp"

namespace hearth::packs::knowledge {

struct StoreOptions {
  store::Durability durability = store::Durability::power;
  bool is_read_only = false;  // another process owns the file
};

// Members are for any thread.
class KnowledgeStore final {
 public:
  // Opens the file, migrating it, or making it when it is missing. Takes milliseconds, and blocks.
  // `clock` outlives the store.
  [[nodiscard]] static Result<std::unique_ptr<KnowledgeStore>> open(const std::string& path,
                                                                    const Clock& clock,
                                                                    const StoreOptions& options);

  [[nodiscard]] Result<store::Reader> reader(const std::stop_token& stop) {
    return readers_.take(stop);
  }
  // `done` is always called: with `read_only` at once in a store of another process.
  void write(store::WriteJob job);
  // Finishes the writes that wait and refuses more. Readers go on.
  void close();

  [[nodiscard]] const std::string& path() const { return path_; }
  // On disk, with its journals.
  [[nodiscard]] std::uint64_t bytes() const;
  [[nodiscard]] const Clock& clock() const { return clock_; }

 private:
  KnowledgeStore(std::string path, const Clock& clock);

  const std::string path_;
  const Clock& clock_;
  std::unique_ptr<store::Writer> writer_;  // null in a store of another process
  store::Readers readers_;
};

}  // namespace hearth::packs::knowledge
