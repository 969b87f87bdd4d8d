#include "packs/sql/transfer/exchange.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/scratch_directory.hpp"

namespace hearth::packs::sql {
namespace {

namespace fs = std::filesystem;

class ExchangeDirectory : public testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const { return directory_ / name; }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(at(name)) << text;
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::size_t files() const {
    const fs::directory_iterator all(at("exchange"));
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  const test::ScratchDirectory directory_{"exchange"};
};

TEST_F(ExchangeDirectory, KeepsFilesAsLongAsTheCall) {
  write("data.csv", "a\n1\n");
  {
    auto exchange = Exchange::open(at("exchange")).value();
    const std::string path = exchange.bring(at("data.csv"), ".csv", {}).value();
    EXPECT_EQ(read(path), "a\n1\n");
    EXPECT_TRUE(path.ends_with(".csv"));
    int pieces = 0;
    const auto written = exchange.write(".csv", [&pieces]() -> Result<std::string> {
      return std::string(pieces++ < 2 ? "x" : "");
    });
    EXPECT_EQ(read(written.value()), "xx");
    EXPECT_EQ(files(), 2);
  }
  EXPECT_EQ(files(), 0);
  EXPECT_EQ(read(at("data.csv")), "a\n1\n");
}

TEST_F(ExchangeDirectory, BringsRegularFilesOnly) {
  write("data.csv", "a");
  fs::create_symlink(at("data.csv"), at("link.csv"));
  fs::create_directory(at("folder"));
  auto exchange = Exchange::open(at("exchange")).value();
  for (const char* name : {"link.csv", "folder", "none"}) {
    EXPECT_FALSE(exchange.bring(at(name), "", {})) << name;
  }
}

TEST_F(ExchangeDirectory, SweepsWhatAKilledDaemonLeft) {
  fs::create_directory(at("exchange"));
  write("exchange/left", "x");
  // Old in itself, and put there just now, by a link.
  write("exchange/linked", "x");
  fs::last_write_time(at("exchange/linked"),
                      fs::file_time_type::clock::now() - std::chrono::hours(25));
  ASSERT_TRUE(Exchange::open(at("exchange")));
  EXPECT_TRUE(fs::exists(at("exchange/linked")));
  constexpr std::chrono::seconds not_even_now{-2};
  ASSERT_TRUE(Exchange::open(at("exchange"), not_even_now));
  EXPECT_FALSE(fs::exists(at("exchange/left")));
  EXPECT_FALSE(fs::exists(at("exchange/linked")));
}

TEST_F(ExchangeDirectory, DeliversWholeFilesAndGuardsThoseThatAreThere) {
  write("from", "new");
  EXPECT_TRUE(deliver(at("from"), at("to"), false));
  EXPECT_EQ(read(at("to")), "new");
  write("to", "old");
  EXPECT_EQ(deliver(at("from"), at("to"), false).error().code, Errc::conflict);
  EXPECT_EQ(read(at("to")), "old");
  EXPECT_TRUE(deliver(at("from"), at("to"), true));
  EXPECT_EQ(read(at("to")), "new");
}

}  // namespace
}  // namespace hearth::packs::sql
