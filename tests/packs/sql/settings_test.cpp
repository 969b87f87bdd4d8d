#include "packs/sql/settings.hpp"

#include <gtest/gtest.h>

#include <map>

namespace hearth::packs::sql {
namespace {

TEST(SqlSettings, ReadsWhatIsSet) {
  const std::map<std::string, std::string, std::less<>> set{{"memory_limit", "1GiB"},
                                                            {"threads", "3"},
                                                            {"engine_idle", "90s"},
                                                            {"scratch_kept", "2s"},
                                                            {"postgres.sslmode", "verify-full"}};
  const Settings settings = read_settings([&](std::string_view name) {
    const auto found = set.find(name);
    return found == set.end() ? std::nullopt : std::optional(found->second);
  });
  EXPECT_EQ(settings.memory_limit, std::uint64_t{1} << 30);
  EXPECT_EQ(settings.threads, 3U);
  EXPECT_EQ(settings.engine_idle, std::chrono::seconds(90));
  EXPECT_EQ(settings.scratch_kept, std::chrono::seconds(2));
  EXPECT_EQ(settings.ssl_mode, "verify-full");
}

TEST(SqlSettings, RefusesWhatDoesNotFit) {
  for (const pack::Setting& each : known_settings()) {
    const bool is_command = each.name == "postgres.password_command";  // a word is a program
    EXPECT_EQ(each.fits("nonsense"), is_command) << each.name;
    EXPECT_FALSE(each.fits("")) << each.name;
  }
  EXPECT_GE(read_settings([](std::string_view) { return std::nullopt; }).memory_limit,
            std::uint64_t{64} << 20);
}

}  // namespace
}  // namespace hearth::packs::sql
