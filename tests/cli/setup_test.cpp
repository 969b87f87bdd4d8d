#include "cli/setup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/file_text.hpp"
#include "support/scratch_directory.hpp"
#include "support/write_below.hpp"

namespace hearth::cli {
namespace {

using testing::HasSubstr;

const ServerEntry entry{"/usr/bin/hearth", {"mcp"}, {{"HEARTH_HOME", "/h"}}};

config::Environment home_of(const std::string& home) {
  return [home](const char* name) -> std::optional<std::string> {
    return std::string_view(name) == "HOME" ? std::optional(home) : std::nullopt;
  };
}

struct Expected {
  std::string_view client;
  std::string_view user_file;
  std::string_view project_file;
  std::string_view existing;   // of a user, with comments where the client reads them
  std::string_view has_after;  // what the file then holds
};

const std::vector<Expected>& all() {
  static const std::vector<Expected> list{
      {"claude-code", "/.claude.json", "/.mcp.json",
       "{\n  \"numStartups\": 34,\n  \"mcpServers\": {\n    \"x\": {\"type\": \"stdio\"}\n  }\n}\n",
       "    \"x\": {\"type\": \"stdio\"},\n    \"hearth\": {\n      \"type\": \"stdio\",\n"
       "      \"command\": \"/usr/bin/hearth\",\n      \"args\": [\"mcp\"],\n      \"env\": {\n"
       "        \"HEARTH_HOME\": \"/h\"\n      }\n    }\n"},
      {"cursor", "/.cursor/mcp.json", "/.cursor/mcp.json", "{\"mcpServers\": {}}\n",
       "{\"mcpServers\": {\"hearth\":{\"command\":\"/usr/bin/hearth\",\"args\":[\"mcp\"]"},
      {"vscode", "/.config/Code/User/mcp.json", "/.vscode/mcp.json",
       "{\n\t// mine\n\t\"servers\": {\n\t},\n\t\"inputs\": [],\n}\n",
       "\t// mine\n\t\"servers\": {\n\t\t\"hearth\": {\n\t\t\t\"type\": \"stdio\",\n"},
      {"codex", "/.codex/config.toml", "/.codex/config.toml", "model = \"m\" # mine\n",
       "model = \"m\" # mine\n\n[mcp_servers.hearth]\ncommand = \"/usr/bin/hearth\"\n"
       "args = [\"mcp\"]\nenv = { HEARTH_HOME = \"/h\" }\n"},
      {"opencode", "/.config/opencode/opencode.json", "/opencode.json",
       "{\n  // mine\n  \"theme\": \"t\",\n}\n",
       "  // mine\n  \"theme\": \"t\",\n  \"mcp\": {\n    \"hearth\": {\n      \"type\": "
       "\"local\",\n"
       "      \"command\": [\"/usr/bin/hearth\", \"mcp\"],\n      \"environment\": {"},
  };
  return list;
}

class EveryClient : public testing::TestWithParam<std::size_t> {
 protected:
  [[nodiscard]] const Expected& expected() const { return all()[GetParam()]; }
  [[nodiscard]] const AiClient& client() const { return *find_ai_client(expected().client); }
  [[nodiscard]] std::string file() const { return *client().file(home_of(home_.path()), ""); }
  [[nodiscard]] SetupPlan plan() const {
    auto made = plan_setup(client(), file(), entry);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : SetupPlan{};
  }
  void write(std::string_view text) const {
    test::write_below(home_.path(), std::string(expected().user_file.substr(1)), text);
  }
  test::ScratchDirectory home_{"setup"};
};

TEST_P(EveryClient, KeepsItsFileWhereTheClientLooks) {
  EXPECT_EQ(file(), home_.path() + std::string(expected().user_file));
  EXPECT_EQ(*client().file(home_of("/home/a"), "/work/p"),
            "/work/p" + std::string(expected().project_file));
}

TEST_P(EveryClient, GetsANewFile) {
  const SetupPlan made = plan();
  EXPECT_TRUE(made.is_new);
  ASSERT_EQ(apply_setup(made, true), std::string());
  EXPECT_EQ(test::file_text(file()), made.after);
  struct stat info{};
  ASSERT_EQ(::stat(file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(plan().before, plan().after);  // and then nothing is left to do
}

TEST_P(EveryClient, KeepsWhatIsInTheFileAndABackup) {
  write(expected().existing);
  ::chmod(file().c_str(), 0640);
  const SetupPlan made = plan();
  EXPECT_THAT(made.after, HasSubstr(expected().has_after));
  const auto backup = apply_setup(made, true);
  ASSERT_TRUE(backup) << backup.error().message;
  EXPECT_EQ(test::file_text(*backup), expected().existing);
  EXPECT_EQ(test::file_text(file()), made.after);
  struct stat info{};
  ASSERT_EQ(::stat(file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640U);
  EXPECT_EQ(plan().after, made.after);
}

TEST_P(EveryClient, RefusesABrokenFileAndSaysWhere) {
  write("{\n  \"a\" 1 = \n");
  const auto made = plan_setup(client(), file(), entry);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr(file()));
  EXPECT_THAT(made.error().message, testing::ContainsRegex("line [12]|:[12]:"));
  EXPECT_EQ(test::file_text(file()), "{\n  \"a\" 1 = \n");
}

INSTANTIATE_TEST_SUITE_P(Setup,
                         EveryClient,
                         testing::Range(std::size_t{0}, all().size()),
                         [](const auto& param) {
                           std::string name(all()[param.param].client);
                           std::erase(name, '-');
                           return name;
                         });

TEST(Setup, PlanningTouchesNothing) {
  const test::ScratchDirectory home("setup");
  const std::string file = home / "sub/mcp.json";
  ASSERT_TRUE(plan_setup(*find_ai_client("cursor"), file, entry));
  EXPECT_TRUE(std::filesystem::is_empty(home.path()));
}

TEST(Setup, EditsTheFileBehindALink) {
  const test::ScratchDirectory home("setup");
  const std::string real = test::write_below(home.path(), "dotfiles/mcp.json", "{}\n");
  const std::string link = home / "mcp.json";
  std::filesystem::create_symlink(real, link);
  const auto plan = plan_setup(*find_ai_client("cursor"), link, entry);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->file, real);
  ASSERT_TRUE(apply_setup(*plan, true));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_THAT(test::file_text(real), HasSubstr("hearth"));
}

TEST(Setup, DoesNotOverwriteWhatChangedMeanwhile) {
  const test::ScratchDirectory home("setup");
  const std::string file = test::write_below(home.path(), "mcp.json", "{}\n");
  const auto plan = plan_setup(*find_ai_client("cursor"), file, entry);
  ASSERT_TRUE(plan);
  test::write_below(home.path(), "mcp.json", "{\"new\": 1}\n");
  const auto applied = apply_setup(*plan, true);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, Errc::conflict);
  EXPECT_EQ(test::file_text(file), "{\"new\": 1}\n");
  const auto entries = std::filesystem::directory_iterator(home.path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);  // no backup of a change not made
}

TEST(Setup, RefusesADirectory) {
  const test::ScratchDirectory home("setup");
  EXPECT_FALSE(plan_setup(*find_ai_client("cursor"), home.path(), entry));
}

TEST(Setup, OpencodePrefersTheFileWithCommentsAndItsNewerShape) {
  const test::ScratchDirectory home("setup");
  test::write_below(home.path(), ".config/opencode/opencode.jsonc", "{}");
  const AiClient& client = *find_ai_client("opencode");
  EXPECT_EQ(*client.file(home_of(home.path()), ""), home / ".config/opencode/opencode.jsonc");
  const auto newer = client.enter(R"({"mcp": {"servers": {"x": {"type": "local"}}}})", entry);
  ASSERT_TRUE(newer);
  EXPECT_THAT(*newer, HasSubstr(R"({"servers": {"x": {"type": "local"},"hearth":)"));
}

TEST(Setup, VariablesOfTheClientsMoveTheirFiles) {
  const config::Environment environment = [](const char* name) -> std::optional<std::string> {
    if (std::string_view(name) == "CLAUDE_CONFIG_DIR") return "/c";
    if (std::string_view(name) == "CODEX_HOME") return "/x";
    if (std::string_view(name) == "XDG_CONFIG_HOME") return "/g";
    return std::nullopt;
  };
  EXPECT_EQ(*find_ai_client("claude-code")->file(environment, ""), "/c/.claude.json");
  EXPECT_EQ(*find_ai_client("codex")->file(environment, ""), "/x/config.toml");
  EXPECT_EQ(*find_ai_client("vscode")->file(environment, ""), "/g/Code/User/mcp.json");
  EXPECT_FALSE(find_ai_client("cursor")->file(environment, ""));  // no HOME
}

}  // namespace
}  // namespace hearth::cli
