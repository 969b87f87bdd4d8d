#include "packs/issues/engine/symbols/find.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hearth::packs::issues {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FindSymbols : public testing::Test {
 protected:
  std::vector<std::string> find(std::string_view name, std::size_t limit = 10) {
    const SymbolHits found = find_symbols(files_, name, limit);
    total_ = found.total;
    std::vector<std::string> shown;
    for (const SymbolHit& hit : found.hits) {
      shown.push_back(std::string(hit.path) + ":" + std::to_string(hit.symbol->line_start) + " " +
                      hit.symbol->name + " " + std::string(name_match_word(hit.match)));
    }
    return shown;
  }

  static ContextFile file(std::string path, std::vector<Symbol> symbols) {
    ContextFile made;
    made.content.path = std::move(path);
    made.content.symbols = std::move(symbols);
    return made;
  }

  std::vector<ContextFile> files_{file("a.rs",
                                       {{"Config", "struct", 1, 4},
                                        {"Config", "impl", 6, 9},
                                        {"parse_config", "function", 12, 20}}),
                                  file("b.rs",
                                       {{"config", "function", 3, 5},
                                        {"ConfigError", "enum", 7, 9},
                                        {"main", "function", 11, 12}})};
  std::size_t total_ = 0;
};

TEST_F(FindSymbols, GivesTheSameNameBeforeItsLikes) {
  EXPECT_THAT(find("Config"), ElementsAre("a.rs:1 Config exact", "a.rs:6 Config exact",
                                          "b.rs:3 config same_word", "b.rs:7 ConfigError prefix"));
  EXPECT_THAT(find("PARSE"), ElementsAre("a.rs:12 parse_config prefix"));
}

TEST_F(FindSymbols, GuessesOnlyWhenNothingMatches) {
  EXPECT_THAT(find("parse_cofnig"), ElementsAre("a.rs:12 parse_config similar"));
  EXPECT_THAT(find("Mian"), ElementsAre("b.rs:11 main similar"));
  EXPECT_THAT(find("nothing_like_it"), IsEmpty());
  EXPECT_THAT(find(""), IsEmpty());
}

TEST_F(FindSymbols, CountsWhatTheLimitCutsOff) {
  EXPECT_THAT(find("config", 1), ElementsAre("b.rs:3 config exact"));
  EXPECT_EQ(total_, 4U);
  EXPECT_THAT(find("config", 0), IsEmpty());
  EXPECT_EQ(total_, 4U);
}

}  // namespace
}  // namespace hearth::packs::issues
