// Calls whose answer was lost and which are made once more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <vector>

#include "packs/issues/engine/wal.hpp"
#include "packs/issues/issues_pack.hpp"

namespace hearth::packs::issues {
namespace {

class ClaimTools : public test::IssuesPack {
 protected:
  // Another try of the call with this key, as a client makes it when a daemon has died.
  json::Value resend(const std::string& verb, std::string_view arguments) {
    options_.is_resend = true;
    json::Value answer = good(verb, arguments);
    options_.is_resend = false;
    return answer;
  }
  static std::string of(const std::string& id) { return R"({"id":")" + id + R"("})"; }
};

TEST_F(ClaimTools, ARepeatedClaimGetsTheSameLock) {
  const std::string id = create("wanted");
  options_.key = "a call";
  const json::Value taken = good("claim", of(id));
  const json::Value again = resend("claim", of(id));
  EXPECT_EQ(text(again, "nonce"), text(taken, "nonce"));
  EXPECT_EQ(number(again, "expires_unix_ms"), number(taken, "expires_unix_ms"));
  options_.key = "another call";
  EXPECT_EQ(bad("claim", of(id)).code, Errc::conflict);
}

TEST_F(ClaimTools, AKeyOfOnesOwnDoesAsWell) {
  const std::string arguments = R"({"resource":"path:src","key":"mine"})";
  const json::Value taken = good("claim", arguments);
  options_.key = "whatever the transport says";
  EXPECT_EQ(text(good("claim", arguments), "nonce"), text(taken, "nonce"));
  EXPECT_EQ(bad("claim", R"({"resource":"path:src"})").code, Errc::conflict);
}

TEST_F(ClaimTools, ShowTellsWhoHasTheIssue) {
  const std::string id = create("wanted");
  EXPECT_EQ(json::find(good("show", of(id)).at("issue"), "claim"), nullptr);
  const json::Value taken = good("claim", of(id));
  const json::Value shown = good("show", of(id)).at("issue").at("claim");
  EXPECT_EQ(text(shown, "owner"), text(taken, "owner"));
  EXPECT_EQ(number(shown, "expires_unix_ms"), number(taken, "expires_unix_ms"));
}

TEST_F(ClaimTools, AnotherSpellingIsTheSameThing) {
  std::string id = create("wanted");
  good("claim", of(id));
  std::ranges::transform(id, id.begin(), [](unsigned char c) { return std::toupper(c); });
  for (const std::string& resource : {"issue:" + id, "issue:" + id.substr(0, 8)})
    EXPECT_EQ(bad("claim", R"({"resource":")" + resource + R"("})").code, Errc::conflict);
  good("claim", R"({"resource":"path:src"})");
  for (const char* path : {"./src", "/src", "src/", "src/../src/./"})
    EXPECT_EQ(bad("claim", std::string(R"({"resource":"path:)") + path + R"("})").code,
              Errc::conflict);
}

TEST_F(ClaimTools, ASyncInAShallowCloneTellsWhatIsMissing) {
  for (const char* title : {"one", "two", "three"}) create(title);
  good("sync", "{}");
  options_.caller.cwd = options_.caller.project_root = repositories_.directory("shallow");
  test::git(options_.caller.cwd, {"init", "-q"});
  test::git(options_.caller.cwd, {"remote", "add", "origin", repositories_.remote()});
  test::git(options_.caller.cwd, {"fetch", "-q", "--depth=1", "file://" + repositories_.remote(),
                                  "+refs/grite/*:refs/grite/*"});
  const json::Value synced = good("sync", "{}");
  EXPECT_THAT(json::dump(synced.at("problems")), testing::HasSubstr("--unshallow"));
}

// Somebody has written into the log what nobody can read.
TEST_F(ClaimTools, ASyncTellsWhatOfTheLogCannotBeRead) {
  create("one");
  good("sync", "{}");
  auto remote = Repository::open(repositories_.remote(), {.is_power_safe = false}).value();
  for (int i = 0; i < 2; ++i) {
    const auto head = remote->read_reference(wal_reference).value();
    const auto chunk = remote->write_blob("no chunk " + std::to_string(i)).value();
    const auto tree = remote->write_tree({{.name = "x.bin", .id = chunk}}).value();
    const auto commit =
        remote
            ->write_commit(
                {.tree = tree, .parents = {*head}, .author = "a <b>", .message = "broken"})
            .value();
    test::git(repositories_.remote(), {"update-ref", wal_reference, hex_of(commit)});
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(
        json::dump(good("sync", "{}").at("problems")),
        testing::HasSubstr("of which something cannot be read: 2; see hearth issues verify"));
  }
  EXPECT_EQ(number(good("rebuild", "{}"), "event_count"), 1);
  EXPECT_THAT(json::dump(good("sync", "{}").at("problems")), testing::HasSubstr(": 2;"));
}

TEST_F(ClaimTools, WithoutTheRemoteWorkGoesOnInThisRepository) {
  const std::string id = create("wanted");
  test::git(repositories_.work(), {"remote", "set-url", "origin", "ssh://host/nowhere"});
  test::git(repositories_.work(), {"config", "core.sshCommand", "false"});
  const Error unreachable = bad("claim", of(id));
  EXPECT_EQ(unreachable.code, Errc::io);
  EXPECT_THAT(unreachable.suggestions, testing::Contains(testing::HasSubstr("--local")));
  const std::string local = R"({"local":true,"id":")" + id + "\"}";
  const json::Value taken = good("claim", local);
  EXPECT_FALSE(json::bool_or(taken, "arbitrated", true));
  EXPECT_EQ(number(taken, "ttl_seconds"), 900);
  EXPECT_EQ(bad("claim", local).code, Errc::conflict);
  EXPECT_EQ(text(good("renew", local), "nonce"), text(taken, "nonce"));
  EXPECT_THAT(bad("release", of(id)).suggestions, testing::Contains(testing::HasSubstr("--local")));
  EXPECT_TRUE(json::bool_or(good("release", local), "released", false));
  const Error both = bad("claim", R"({"local":true,"remote":"origin","id":")" + id + "\"}");
  EXPECT_EQ(both.code, Errc::invalid_args);
}

TEST_F(ClaimTools, ARemoteThatTakesNoLocksIsToldOfWithAWayOut) {
  const std::string id = create("wanted");
  const std::string hook = repositories_.remote() + "/hooks/pre-receive";
  hearth::test::write_file(hook, "#!/bin/sh\necho read-only >&2\nexit 1\n");
  std::filesystem::permissions(hook, std::filesystem::perms::owner_all);
  test::git(repositories_.work(),
            {"remote", "set-url", "--push", "origin", repositories_.remote()});
  const Error refused = bad("claim", of(id));
  EXPECT_EQ(refused.code, Errc::permission);
  EXPECT_THAT(refused.suggestions, testing::Contains(testing::HasSubstr("--local")));
}

TEST_F(ClaimTools, HoldersAreCalledByTheirLabels) {
  const std::string id = create("wanted");
  const json::Value taken = good("claim", R"({"actor":"bob","id":")" + id + "\"}");
  EXPECT_EQ(text(taken, "owner_label"), "bob");
  EXPECT_THAT(bad("claim", of(id)).message,
              testing::HasSubstr("the actor \"bob\" " + text(taken, "owner") + " until"));
  EXPECT_EQ(each(good("locks", "{}"), "locks", "owner_label"), std::vector<std::string>{"bob"});
  EXPECT_EQ(text(good("show", of(id)).at("issue").at("claim"), "owner_label"), "bob");
}

TEST_F(ClaimTools, WhoHasItAlreadyIsToldToRenewIt) {
  const std::string id = create("wanted");
  good("claim", of(id));
  const Error own = bad("claim", of(id));
  EXPECT_EQ(own.code, Errc::conflict);
  EXPECT_THAT(own.message, testing::HasSubstr("is held by your own actor"));
  EXPECT_EQ(own.suggestions.front(), "keep it for longer: hearth issues renew " + id);
  good("claim", R"({"resource":"path:src"})");
  EXPECT_EQ(bad("claim", R"({"resource":"path:src"})").suggestions.front(),
            "keep it for longer: hearth issues renew --resource path:src");
  const Error others = bad("claim", R"({"actor":"bob","id":")" + id + "\"}");
  EXPECT_TRUE(others.suggestions.front().starts_with("take something else"));
}

TEST_F(ClaimTools, WhatWasGivenBackCanBeClaimedAgain) {
  const std::string id = create("wanted");
  options_.key = "a call";
  const json::Value taken = good("claim", of(id));
  good("release", of(id));
  EXPECT_GE(number(good("claim", of(id)), "expires_unix_ms"), number(taken, "expires_unix_ms"));
}

TEST_F(ClaimTools, ARepeatedAttachAttachesOnce) {
  const std::string id = create("with a log");
  write("log.txt", "what happened");
  const std::string arguments = R"({"path":"log.txt","id":")" + id + R"("})";
  options_.key = "a call";
  const json::Value attached = good("attach", arguments);
  EXPECT_EQ(text(resend("attach", arguments), "event_id"), text(attached, "event_id"));
  const json::Value shown = good("show", of(id));
  EXPECT_EQ(shown.at("issue").at("attachments").as_array().size(), 1U);
}

}  // namespace
}  // namespace hearth::packs::issues
