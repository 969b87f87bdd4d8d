// The pack in a repository of its own, its tools called as a session would.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.hpp"
#include "packs/issues/issues.hpp"
#include "packs/issues/repositories.hpp"
#include "support/test_context.hpp"

namespace hearth::packs::issues::test {

class IssuesPack : public testing::Test {
 protected:
  IssuesPack() : harness_(std::make_unique<hearth::test::PackHarness>(make_pack())) {
    options_.caller.cwd = options_.caller.project_root = repositories_.work();
    harness_->start();
  }

  json::Value good(const std::string& verb, std::string_view arguments) {
    auto reply = harness_->call(verb, arguments, options_);
    EXPECT_TRUE(reply) << verb << ": " << reply.error().message;
    return reply ? json::parse(reply->structured).value() : json::Value(json::Object());
  }
  Error bad(const std::string& verb, std::string_view arguments) {
    auto reply = harness_->call(verb, arguments, options_);
    EXPECT_FALSE(reply) << verb << ": " << reply->structured;
    return reply ? Error() : reply.error();
  }
  // A new issue's whole id; `more` are members of the request.
  std::string create(const std::string& title, const std::string& more = "") {
    return text(good("create", R"({"title":)" + json::quoted(title) + more + "}"), "issue_id");
  }
  // A file of the work tree that git tracks.
  void track(const std::string& path, std::string_view content) const {
    write(path, content);
    git(repositories_.work(), {"add", path});
  }
  void write(const std::string& path, std::string_view content) const {
    const std::filesystem::path whole = std::filesystem::path(repositories_.work()) / path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << content;
  }

  static std::string text(const json::Value& object, std::string_view name) {
    return std::string(json::string_or(object, name, ""));
  }
  static std::int64_t number(const json::Value& object, std::string_view name) {
    return json::int_or(object, name, -1);
  }
  // The member `name` of each object of the array `list`.
  static std::vector<std::string> each(const json::Value& object,
                                       std::string_view list,
                                       std::string_view name) {
    std::vector<std::string> texts;
    for (const json::Value& item : object.at(list).as_array()) texts.push_back(text(item, name));
    return texts;
  }

  const Repositories repositories_;
  hearth::test::CallOptions options_;
  std::unique_ptr<hearth::test::PackHarness> harness_;
};

}  // namespace hearth::packs::issues::test
