#include "base/confined_path.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/scratch_directory.hpp"

namespace hearth {
namespace {

namespace fs = std::filesystem;

class ConfinedPath : public testing::Test {
 protected:
  void write(const std::string& name) const {
    const fs::path path = directory_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "text";
  }
  std::string at(const std::string& name) const { return directory_ / name; }

  const test::ScratchDirectory directory_{"confined"};
};

TEST_F(ConfinedPath, LiesWithinTheRoots) {
  write("project/docs/a.md");
  write("secret/b.md");
  fs::create_symlink(at("secret"), at("project/out"));
  fs::create_directory_symlink(at("project"), at("alias"));
  const std::vector<std::string> roots{at("project")};
  const auto code = [&](const std::string& path, const std::string& cwd) {
    const auto real = confine(path, cwd, roots, {});
    return real ? "ok " + *real : std::string(errc_name(real.error().code));
  };
  EXPECT_EQ(code("docs", at("project")), "ok " + at("project/docs"));
  EXPECT_EQ(code(".", at("project")), "ok " + at("project"));
  EXPECT_EQ(code(at("alias/docs/a.md"), ""), "ok " + at("project/docs/a.md"));
  EXPECT_EQ(code("../secret", at("project")), "permission_denied");
  EXPECT_EQ(code("out/b.md", at("project")), "permission_denied");
  EXPECT_EQ(code("/etc/passwd", at("project")), "permission_denied");
  EXPECT_EQ(code(at("project-other"), ""), "permission_denied");
  EXPECT_EQ(code("none.md", at("project")), "not_found");
  EXPECT_EQ(code("docs", ""), "invalid_args");
  EXPECT_EQ(code(std::string("docs\0/x", 7), at("project")), "invalid_args");
  EXPECT_EQ(confine(at("project"), "", {}, {}).error().code, Errc::permission);
}

TEST_F(ConfinedPath, OfANewFileNeedsAFolder) {
  write("project/docs/a.md");
  const std::vector<std::string> roots{at("project")};
  EXPECT_EQ(confine_new("docs/new.md", at("project"), roots, {}).value(),
            at("project/docs/new.md"));
  EXPECT_EQ(confine_new("docs/a.md", at("project"), roots, {}).value(), at("project/docs/a.md"));
  EXPECT_EQ(confine_new("none/new.md", at("project"), roots, {}).error().code, Errc::not_found);
  EXPECT_EQ(confine_new("docs", at("project"), roots, {}).error().code, Errc::conflict);
  EXPECT_EQ(confine_new("..", at("project"), roots, {}).error().code, Errc::invalid_args);
  EXPECT_EQ(confine_new("../new.md", at("project"), roots, {}).error().code, Errc::permission);
}

TEST_F(ConfinedPath, OfANewFileIsNoSymbolicLink) {
  write("project/a.md");
  fs::create_symlink("/etc/passwd", at("project/link"));
  EXPECT_EQ(confine_new("link", at("project"), {at("project")}, {}).error().code, Errc::conflict);
}

TEST_F(ConfinedPath, IsNotOneOfHearthsOwn) {
  write("project/home/data/store.db");
  write("project/home/config.toml");
  const std::vector<std::string> roots{at("project")};
  const std::vector<std::string> own{at("project/home/data"), at("project/home/config.toml"), ""};
  for (const char* path : {"home/data/store.db", "home/data", "home/config.toml"})
    EXPECT_EQ(confine(path, at("project"), roots, own).error().code, Errc::permission) << path;
  for (const char* path : {"home/data/new.db", "home/config.toml"})
    EXPECT_EQ(confine_new(path, at("project"), roots, own).error().code, Errc::permission) << path;
  EXPECT_EQ(confine_new("home/other", at("project"), roots, own).value(), at("project/home/other"));
  EXPECT_TRUE(holds_one_of(at("project"), own));
  EXPECT_TRUE(holds_one_of(at("project/home/data"), own));
  EXPECT_FALSE(holds_one_of(at("project/home/dat"), own));
}

TEST_F(ConfinedPath, OfANewFileEndsAtNoNul) {
  EXPECT_EQ(confine_new(std::string("a\0b", 3), at(""), {at("")}, {}).error().code,
            Errc::invalid_args);
}

}  // namespace
}  // namespace hearth
