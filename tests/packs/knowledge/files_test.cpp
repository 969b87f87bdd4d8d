#include "packs/knowledge/engine/files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/confined_path.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::knowledge {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view content = "text") const {
    const fs::path path = directory_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }
  std::string at(const std::string& name) const { return directory_ / name; }

  const test::ScratchDirectory directory_{"files"};
};

TEST_F(Files, FindsTextAndCountsWhatItSkips) {
  write("b.md");
  write("a/c.cpp");
  write("README");
  write("photo.png");
  write(".hidden.md");
  write(".git/config.md");
  write("build/x.md");
  write("node_modules/y/z.js");
  write("huge.txt", std::string(most_file_bytes + 1, 'x'));
  fs::create_symlink(at("b.md"), at("link.md"));
  const FoundFiles found = find_files(directory_.path(), {}).value();
  std::vector<std::string> paths;
  for (const FoundFile& file : found.files) paths.push_back(file.path);
  EXPECT_EQ(paths, (std::vector<std::string>{at("README"), at("a/c.cpp"), at("b.md")}));
  EXPECT_EQ(found.skipped.at("other type"), 1);
  EXPECT_EQ(found.skipped.at("hidden"), 2);
  EXPECT_EQ(found.skipped.at("build or dependency folder"), 2);
  EXPECT_EQ(found.skipped.at("too large"), 1);
  EXPECT_EQ(found.skipped.at("symbolic link"), 1);
  EXPECT_FALSE(found.is_cut);
}

TEST_F(Files, StopsWhenAsked) {
  write("a.md");
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(find_files(directory_.path(), source.get_token()).error().code, Errc::cancelled);
}

TEST_F(Files, ReadsRegularTextOnly) {
  write("a.md", "content");
  write("binary.txt", std::string_view("a\0b", 3));
  write("huge.txt", std::string(most_file_bytes + 1, 'x'));
  fs::create_symlink(at("a.md"), at("link.md"));
  EXPECT_EQ(read_text_file(at("a.md")).value(), "content");
  EXPECT_EQ(read_text_file(at("binary.txt")).error().message, "binary");
  EXPECT_EQ(read_text_file(at("huge.txt")).error().message, "too large");
  EXPECT_FALSE(read_text_file(at("link.md")));
  EXPECT_FALSE(read_text_file("/dev/zero"));
  EXPECT_EQ(read_text_file("/proc/self/cmdline").error().message, "binary");  // says it is empty
}

}  // namespace
}  // namespace hearth::packs::knowledge
