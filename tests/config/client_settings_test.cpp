#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/settings.hpp"
#include "support/environment.hpp"
#include "support/scratch_directory.hpp"
#include "support/write_below.hpp"

namespace hearth::config {
namespace {

using test::environment_of;
using testing::HasSubstr;

TEST(LoadClientSettings, EachSourceOutranksTheOnesBelow) {
  const test::ScratchDirectory home("config");
  const std::string config = test::write_below(
      home.path(), "config.toml",
      "[client]\nnamespace = \"config\"\nstrict = true\ndaemon_binary = \"/x/d\"\n");
  const std::string project = home.path() + "/project";
  test::write_below(home.path(), "project/.hearth.toml",
                    "namespace = \"project\"\nread_only = true\n");
  const auto none = environment_of({});

  EXPECT_EQ(load_client_settings("/nowhere/c", "", none)->name_space, "default");
  const auto from_config = load_client_settings(config, "", none);
  ASSERT_TRUE(from_config) << from_config.error().message;
  EXPECT_EQ(from_config->name_space, "config");
  EXPECT_EQ(from_config->daemon_binary, "/x/d");
  EXPECT_TRUE(from_config->strict);
  EXPECT_FALSE(from_config->read_only);

  const auto from_project = load_client_settings(config, project, none);
  EXPECT_EQ(from_project->name_space, "project");
  EXPECT_TRUE(from_project->read_only);

  const auto environment =
      environment_of({{"HEARTH_NAMESPACE", "variable"}, {"HEARTH_STRICT", "0"}});
  const auto from_environment = load_client_settings(config, project, environment);
  EXPECT_EQ(from_environment->name_space, "variable");
  EXPECT_FALSE(from_environment->strict);

  const std::vector<Override> options{{"namespace", "option", "--namespace"}};
  EXPECT_EQ(load_client_settings(config, project, environment, options)->name_space, "option");
}

TEST(LoadClientSettings, PassesOnTimeoutsOfTheEnvironmentOnly) {
  const auto settings =
      load_client_settings("/nowhere/c", "", environment_of({{"HEARTH_IDLE_TIMEOUT", "5m"}}));
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->idle_timeout, "5m");
  EXPECT_EQ(settings->drain_timeout, std::nullopt);
}

TEST(LoadClientSettings, NamesTheVariableThatIsWrong) {
  const auto settings =
      load_client_settings("/nowhere/c", "", environment_of({{"HEARTH_NO_DAEMON", "perhaps"}}));
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().message, "HEARTH_NO_DAEMON: expected true or false, got \"perhaps\"");
}

TEST(ParseProject, TakesOnlyWhatConcernsTheProject) {
  ClientSettings settings;
  const auto program = parse_project("daemon_binary = \"/evil\"\n", ".hearth.toml", settings);
  ASSERT_FALSE(program);
  EXPECT_THAT(program.error().message, HasSubstr("unknown key; known: namespace, read_only"));
  const auto section = parse_project("[daemon]\nidle_timeout = \"1s\"\n", "p", settings);
  ASSERT_FALSE(section);
  EXPECT_THAT(section.error().message, HasSubstr("p:1:2: [daemon]: a project file has no"));
  const auto near = parse_project("read_olny = true\n", "p", settings);
  ASSERT_FALSE(near);
  EXPECT_THAT(near.error().message, HasSubstr("p:1:1: read_olny: unknown key; did you mean"));
}

TEST(ParseClient, LeavesOtherSectionsToTheDaemon) {
  ClientSettings settings;
  EXPECT_TRUE(parse_client("[daemon]\nnonsense = 1\n[client]\nstrict = true\n", "c", settings));
  EXPECT_TRUE(settings.strict);
  const auto wrong = parse_client("[client]\nstrict = 1\n", "c", settings);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "c:2:1: client.strict: expected true or false, got integer 1");
}

TEST(FindProjectFile, LooksUpToTheGitTopLevelAndNoFarther) {
  const test::ScratchDirectory home("config");
  test::write_below(home.path(), ".hearth.toml", "");
  test::write_below(home.path(), "repo/.git/HEAD", "");
  test::write_below(home.path(), "repo/deep/down/file", "");
  const std::string repo = home.path() + "/repo";
  EXPECT_EQ(find_project_file(repo + "/deep/down", "/home/a"), std::nullopt);
  test::write_below(home.path(), "repo/.hearth.toml", "");
  EXPECT_EQ(find_project_file(repo + "/deep/down", "/home/a"), repo + "/.hearth.toml");
  test::write_below(home.path(), "repo/deep/.hearth.toml", "");
  EXPECT_EQ(find_project_file(repo + "/deep/down", "/home/a"), repo + "/deep/.hearth.toml");
}

TEST(FindProjectFile, WithoutGitOnlyTheDirectoryItselfCounts) {
  const test::ScratchDirectory home("config");
  test::write_below(home.path(), "plain/.hearth.toml", "");
  test::write_below(home.path(), "plain/below/file", "");
  EXPECT_EQ(find_project_file(home.path() + "/plain", "/home/a"),
            home.path() + "/plain/.hearth.toml");
  EXPECT_EQ(find_project_file(home.path() + "/plain/below", "/home/a"), std::nullopt);
}

TEST(FindProjectFile, NeverInTheHomeDirectory) {
  const test::ScratchDirectory home("config");
  test::write_below(home.path(), ".hearth.toml", "");
  EXPECT_EQ(find_project_file(home.path(), home.path()), std::nullopt);
  EXPECT_EQ(find_project_file("/", "/home/a"), std::nullopt);
  EXPECT_EQ(find_project_file("relative", "/home/a"), std::nullopt);
}

}  // namespace
}  // namespace hearth::config
