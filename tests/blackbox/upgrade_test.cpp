// An older build's daemon makes room for a newer one under load, and older clients live on.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <thread>
#include <vector>

#include "blackbox/knowledge_load.hpp"
#include "support/sizes.hpp"

namespace hearth::test {
namespace {

std::string served_version(const TempHome& home) {
  const Outcome outcome = home.hearth({"call", "hearth_status", "{}", "--json"});
  const auto envelope = json::parse(outcome.out);
  const json::Value* data = envelope ? json::find(*envelope, "data") : nullptr;
  return data == nullptr ? outcome.describe() : std::string(json::string_or(*data, "version", ""));
}

std::string version_of(const TempHome& home, std::string_view program) {
  Plan plan = home.plan({"--version"});
  plan.words.front() = home.binary(program);
  const std::string said = run(plan, std::chrono::seconds(10)).out;  // "hearth 0.1.0\n"
  const auto space = said.find(' ');
  return space == std::string::npos ? said : said.substr(space + 1, said.find('\n') - space - 1);
}

// Runs older bridges under load; hands over to `newer` in the middle of it.
void replace_under_load(TempHome& home, const std::string& old_version) {
  std::deque<Scribe> scribes;
  std::deque<std::unique_ptr<McpStdioClient>> bridges;
  home.use_binaries("older");
  for (std::size_t i = 0; i < sizes().upgrade_clients; ++i) {
    scribes.emplace_back("u" + std::to_string(i), static_cast<unsigned>(i));
    bridges.push_back(std::make_unique<McpStdioClient>(home));
    ASSERT_TRUE(bridges.back()->initialize(patience)) << bridges.back()->process().errors();
  }
  ASSERT_EQ(served_version(home), old_version);

  std::atomic<bool> is_over{false};
  std::atomic<int> steps{0};
  std::vector<std::jthread> clients;
  for (std::size_t i = 0; i < scribes.size(); ++i) {
    clients.emplace_back([&, i] {
      while (!is_over && scribes[i].complaints().empty()) {
        scribes[i].step(*bridges[i]);
        ++steps;
      }
    });
  }
  const int enough = 10 * static_cast<int>(scribes.size());
  EXPECT_TRUE(eventually([&] { return steps > enough; }, patience));
  home.use_binaries("");
  const std::string new_version = version_of(home, "hearth");
  EXPECT_EQ(served_version(home), new_version);
  const int then = steps;
  EXPECT_TRUE(eventually([&] { return steps > then + enough; }, patience));
  is_over = true;
  clients.clear();

  std::vector<const Scribe*> all;
  for (const Scribe& scribe : scribes) {
    EXPECT_EQ(listed(scribe.complaints()), "");
    EXPECT_EQ(scribe.unknown().size(), 0U);
    all.push_back(&scribe);
  }
  // An older bridge, still the process it was, audits.
  EXPECT_EQ(listed(audit(*bridges.front(), all)), "");
  const auto status = bridges.back()->call("hearth_status", {}, patience);
  ASSERT_TRUE(status);
  EXPECT_EQ(json::string_or(*status, "version", ""), new_version);
  for (auto& bridge : bridges) {
    EXPECT_TRUE(bridge->process().is_running());
    EXPECT_EQ(bridge->finish().exit_code, 0);
  }
  EXPECT_EQ(home.daemons().size(), 1U);
  EXPECT_EQ(read_file(home.file("state/fallbacks.log")), "");
}

TEST(Upgrade, ANewerClientReplacesAnOlderDaemonUnderLoad) {
  for (int round = 0; round < sizes().upgrades; ++round) {
    TempHome home;
    home.use_binaries("older");
    const std::string old_version = version_of(home, "hearth");
    ASSERT_NO_FATAL_FAILURE(replace_under_load(home, old_version));

    // From now on an old client starts the new daemon on these stores.
    ASSERT_EQ(home.hearth({"daemon", "stop"}).exit_code, 0);
    ASSERT_TRUE(home.daemons().empty());
    home.use_binaries("");
    const std::string new_version = version_of(home, "hearthd");
    EXPECT_NE(new_version, old_version);
    home.use_binaries("older");
    EXPECT_EQ(served_version(home), new_version);
    if (HasFailure()) return;
  }
}

TEST(Upgrade, ManyNewerClientsAtOnceRetireTheOlderDaemonOnce) {
  TempHome home;
  home.use_binaries("older");
  ASSERT_EQ(home.hearth({"daemon", "start"}).exit_code, 0);
  home.use_binaries("");
  std::vector<Process> commands;
  for (int i = 0; i < 8; ++i) commands.emplace_back(home.plan({"call", "hearth_status", "{}"}));
  for (Process& command : commands) {
    const Outcome outcome = command.wait(patience);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.describe();
  }
  EXPECT_EQ(home.starts(), 2) << home.log_text();
  EXPECT_EQ(home.daemons().size(), 1U);
}

TEST(Upgrade, AnOlderClientStartsItsOwnDaemonOnceTheNewerOneIsUninstalled) {
  TempHome home;
  const std::string copies = home.file("newer");
  std::filesystem::create_directory(copies);
  for (const auto* program : {"hearth", "hearthd"})
    std::filesystem::copy_file(home.binary(program), copies + "/" + program);
  home.use_binaries(copies);
  ASSERT_EQ(home.hearth({"daemon", "start"}).exit_code, 0);
  ASSERT_EQ(home.hearth({"daemon", "stop"}).exit_code, 0);
  std::filesystem::remove_all(copies);
  home.use_binaries("older");
  EXPECT_EQ(served_version(home), version_of(home, "hearthd"));
}

}  // namespace
}  // namespace hearth::test
