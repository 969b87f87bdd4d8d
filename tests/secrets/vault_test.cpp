#include "secrets/vault.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/process.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::secrets {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class VaultTest : public testing::Test {
 protected:
  VaultTest() { test::write_file(scratch_ / "key", "sk-secret\n"); }
  [[nodiscard]] NamedSecret key() const {
    return {.name = "key",
            .source = {.environment = {}, .file = scratch_ / "key", .command = {}},
            .tools = {"issues_*"},
            .hosts = {"api.example.org", "*.example.net"}};
  }
  test::ScratchDirectory scratch_{"vault"};
};

TEST_F(VaultTest, GivesASecretOnlyToWhatItIsFor) {
  const auto vault = Vault::open({key()}, {}).value();
  EXPECT_EQ(vault->for_host("key", "api.example.org", {}).value(), "sk-secret");
  EXPECT_EQ(vault->for_host("key", "a.example.net", {}).value(), "sk-secret");
  EXPECT_EQ(vault->for_tool("key", "issues_create", {}).value(), "sk-secret");
  for (const char* const host : {"example.org", "evil-api.example.org", "example.net",
                                 "aexample.net", "a.example.net.evil.org", ""})
    EXPECT_EQ(vault->for_host("key", host, {}).error().code, Errc::permission) << host;
  EXPECT_EQ(vault->for_tool("key", "knowledge_add", {}).error().code, Errc::permission);
  EXPECT_EQ(vault->for_tool("key", "api.example.org", {}).error().code, Errc::permission);
  EXPECT_EQ(vault->for_tool("nosuch", "issues_create", {}).error().code, Errc::not_found);
}

TEST_F(VaultTest, GivesACommandOnlyWhatItMayTakeAnywhere) {
  NamedSecret secret = key();
  secret.commands = {"gh ..."};
  const auto vault = Vault::open({secret}, {}).value();
  CommandUse use{.program = "gh",
                 .obeys = [](const std::string& rule) { return rule == "gh ..."; },
                 .hosts = {"api.example.org", "*.example.net"}};
  EXPECT_EQ(vault->for_command("key", use, {}).value(), "sk-secret");
  EXPECT_TRUE(vault->check_command("key", use));
  use.hosts.emplace_back("*.example.org");
  EXPECT_EQ(vault->for_command("key", use, {}).error().code, Errc::permission);
  use.hosts.clear();
  EXPECT_TRUE(vault->check_command("key", use)) << "it can go nowhere";
  use.obeys = [](const std::string&) { return false; };
  EXPECT_EQ(vault->for_command("key", use, {}).error().message,
            "the secret key is not for the command gh");
  use.program.clear();
  EXPECT_EQ(vault->check_command("key", use).error().message, "the secret key is not for commands");
  EXPECT_EQ(vault->check_command("nosuch", use).error().code, Errc::not_found);
}

TEST_F(VaultTest, TellsTheRedactor) {
  const Redactor redactor;
  const auto vault = Vault::open({key()}, redactor).value();
  ASSERT_TRUE(vault->for_tool("key", "issues_create", {}));
  EXPECT_EQ(redactor.redact("a sk-secret"), "a [secret key]");
  test::write_file(scratch_ / "key", "sk-renewed\n");
  EXPECT_EQ(vault->for_tool("key", "issues_create", {}).value(), "sk-renewed");
  EXPECT_EQ(redactor.redact("sk-secret sk-renewed"), "[secret key] [secret key]");
}

TEST_F(VaultTest, KnowsScopesWithoutReading) {
  NamedSecret missing = key();
  missing.name = "missing";
  missing.source.file = scratch_ / "nothing";
  missing.tools = {"issues_create"};
  const Redactor redactor;
  const auto vault = Vault::open({key(), missing}, redactor).value();
  EXPECT_TRUE(vault->check_tool("missing", "issues_create"));
  EXPECT_EQ(vault->check_tool("missing", "issues_list").error().code, Errc::permission);
  EXPECT_THAT(vault->names_for_tool("issues_create"), testing::ElementsAre("key", "missing"));
  EXPECT_THAT(vault->names_for_tool("sql_query"), testing::IsEmpty());
  EXPECT_EQ(redactor.redact("sk-secret"), "sk-secret") << "nothing was read";
  const auto learned = vault->learn("missing", {});
  ASSERT_FALSE(learned);
  EXPECT_THAT(learned.error().message, HasSubstr("missing"));
  EXPECT_TRUE(vault->learn("key", {}));
  EXPECT_EQ(redactor.redact("sk-secret"), "[secret key]");
}

TEST_F(VaultTest, RefusesWhatItCannotKeep) {
  test::write_file(scratch_ / "key", "abc\n");
  const auto vault = Vault::open({key()}, {}).value();
  const auto error = vault->for_tool("key", "issues_create", {}).error();
  EXPECT_EQ(error.code, Errc::invalid_args);
  EXPECT_THAT(error.message, Not(HasSubstr("abc")));
  EXPECT_FALSE(Vault::open({key(), key()}, {}));
  EXPECT_FALSE(Vault::open({{.name = "a b", .source = key().source}}, {}));
  EXPECT_FALSE(Vault::open({{.name = "a", .source = {}}}, {}));
}

}  // namespace
}  // namespace hearth::secrets
