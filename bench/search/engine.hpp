// What is measured: hearth's index and its peers behind one interface.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "search/corpus.hpp"

namespace hearth::bench {

class Engine {
 public:
  virtual ~Engine() = default;
  // Builds an index of `documents` in the empty `directory`, durably, as fast as it knows how to on
  // two cores.
  virtual void build(const std::string& directory, std::uint64_t documents) = 0;
  virtual void open(const std::string& directory) = 0;
  // The keys of the ten best.
  [[nodiscard]] virtual std::vector<std::uint64_t> search(const std::vector<std::string>& words,
                                                          bool all) = 0;
};

inline constexpr std::uint64_t corpus_seed = 7;

[[nodiscard]] std::unique_ptr<Engine> make_hearth_engine();
[[nodiscard]] std::unique_ptr<Engine> make_fts5_engine();
[[nodiscard]] std::unique_ptr<Engine> make_xapian_engine();

}  // namespace hearth::bench
