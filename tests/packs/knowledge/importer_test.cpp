#include "packs/knowledge/engine/importer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <string>
#include <thread>

#include "packs/knowledge/engine/entries.hpp"
#include "packs/knowledge/engine/search.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::packs::knowledge {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class Import : public testing::Test {
 protected:
  Import() {
    fs::create_directories(root_);
    store_ = KnowledgeStore::open(directory_ / "k.db", clock_, {}).value();
  }
  // Old enough for its time to be trusted; `age` tells versions of a file apart.
  void write(const std::string& name, std::string_view content, std::chrono::seconds age = 1h) {
    const fs::path path = fs::path(root_) / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
    fs::last_write_time(path, fs::file_time_type::clock::now() - age);
  }
  ImportReport import(const std::string& path = "") {
    auto report = import_files(*store_, path.empty() ? root_ : path, {}, {},
                               [this](std::int64_t, std::int64_t) { ++progress_; });
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : ImportReport();
  }
  // Title → id of all entries; titles are unique in these tests.
  std::map<std::string, std::string> ids() {
    auto reader = store_->reader({}).value();
    std::map<std::string, std::string> all;
    for (const Entry& entry :
         list_entries(*reader, {.filter = {}, .limit = 500, .cursor = {}}).value().entries) {
      EXPECT_TRUE(all.emplace(entry.title, entry.id).second) << entry.title;
    }
    return all;
  }
  std::int64_t hits(const std::string& query) {
    auto reader = store_->reader({}).value();
    SearchRequest request;
    request.query = query;
    request.mode = SearchMode::words;
    request.least_score = 0;
    request.limit = 1000;
    return search_entries(*store_, *reader, request).value().total.value();
  }

  const test::ScratchDirectory directory_{"import"};
  const std::string root_ = directory_ / "files";
  const SystemClock clock_;
  std::unique_ptr<KnowledgeStore> store_;
  int progress_ = 0;
};

TEST_F(Import, BringsInAFolder) {
  write("a.md", "# One\nalpha\n# Two\nbeta\n");
  write("src/b.cpp", "int gamma;\n");
  write("c.png", "delta");
  const ImportReport report = import();
  EXPECT_EQ(report.files, 2);
  EXPECT_EQ(report.added, 2);
  EXPECT_EQ(report.entries.added, 3);
  EXPECT_EQ(report.skipped.at("other type"), 1);
  EXPECT_EQ(progress_, 2);
  auto reader = store_->reader({}).value();
  const SearchPage page = search_entries(*store_, *reader, {.query = "beta", .filter = {}}).value();
  ASSERT_EQ(page.hits.size(), 1U);
  EXPECT_EQ(page.hits[0].source, root_ + "/a.md:4");
  EXPECT_EQ(page.hits[0].kind, "doc");
  EXPECT_EQ(
      search_entries(*store_, *reader, {.query = "gamma", .filter = {}}).value().hits.at(0).kind,
      "code");
}

TEST_F(Import, TouchesNothingTheSecondTime) {
  write("a.md", "# One\nalpha\n");
  write("b.md", "# Two\nbeta\n");
  import();
  const auto before = ids();
  const ImportReport report = import();
  EXPECT_EQ(report.unchanged, 2);
  EXPECT_EQ(report.added + report.updated + report.removed, 0);
  EXPECT_EQ(report.entries.added + report.entries.updated + report.entries.removed, 0);
  EXPECT_EQ(ids(), before);
}

TEST_F(Import, ReadsATouchedFileButKeepsItsEntries) {
  write("a.md", "# One\nalpha\n");
  import();
  write("a.md", "# One\nalpha\n", 2h);
  const ImportReport report = import();
  EXPECT_EQ(report.unchanged, 1);
  EXPECT_EQ(report.entries.updated, 0);
}

TEST_F(Import, SeesAChangeThatKeepsTimeAndSizeOfAFreshFile) {
  write("a.md", "# One\nalpha\n", 0s);
  const auto time = fs::last_write_time(root_ + "/a.md");
  import();
  write("a.md", "# One\nomega\n");
  fs::last_write_time(root_ + "/a.md", time);
  EXPECT_EQ(import().updated, 1);
  EXPECT_EQ(hits("omega"), 1);
}

TEST_F(Import, ChangesOnlyTheChunksThatChanged) {
  write("a.md", "# One\nalpha\n# Two\nbeta\n# Three\ngamma\n# Four\ndelta\n");
  import();
  const auto before = ids();
  // Two changed, Three gone, Five new, Four moved.
  write("a.md", "# One\nalpha\n# Two\nbeta changed\n# Five\nepsilon\n# Four\ndelta\n", 30min);
  const ImportReport report = import();
  EXPECT_EQ(report.updated, 1);
  EXPECT_EQ(report.entries.added, 1);
  EXPECT_EQ(report.entries.updated, 1);
  EXPECT_EQ(report.entries.removed, 1);
  EXPECT_EQ(report.entries.unchanged, 2);
  const auto after = ids();
  for (const char* title : {"One", "Two", "Four"}) EXPECT_EQ(after.at(title), before.at(title));
  EXPECT_FALSE(after.contains("Three"));
  EXPECT_EQ(hits("gamma"), 0);
  EXPECT_EQ(hits("epsilon"), 1);
  auto reader = store_->reader({}).value();
  EXPECT_EQ(find_entry(*reader, after.at("Two")).value().version, 2);
  EXPECT_EQ(find_entry(*reader, after.at("One")).value().version, 1);
}

TEST_F(Import, RemovesWhatIsGoneBelowThePathOnly) {
  write("a/one.md", "# One\nalpha\n");
  write("ab/two.md", "# Two\nbeta\n");
  write("a/three.md", "# Three\ngamma\n");
  import();
  fs::remove(root_ + "/a/one.md");
  fs::remove(root_ + "/ab/two.md");
  const ImportReport report = import(root_ + "/a");
  EXPECT_EQ(report.removed, 1);
  EXPECT_EQ(report.entries.removed, 1);
  EXPECT_EQ(hits("alpha"), 0);
  EXPECT_EQ(hits("beta"), 1);
  EXPECT_EQ(import().removed, 1);
  EXPECT_EQ(hits("beta"), 0);
}

TEST_F(Import, RemovesWhatBecameBinary) {
  write("a.txt", "alpha");
  import();
  write("a.txt", std::string_view("al\0pha", 6), 30min);
  const ImportReport report = import();
  EXPECT_EQ(report.removed, 1);
  EXPECT_EQ(report.skipped.at("binary"), 1);
  EXPECT_EQ(hits("alpha"), 0);
}

TEST_F(Import, KeepsWhatAnUnreadableFolderHides) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  write("a/one.md", "# One\nalpha\n");
  import();
  fs::permissions(root_ + "/a", fs::perms::none);
  const ImportReport report = import();
  fs::permissions(root_ + "/a", fs::perms::owner_all);
  EXPECT_EQ(report.removed, 0);
  EXPECT_EQ(report.skipped.at("unreadable"), 1);
}

TEST_F(Import, TakesASingleFileOfAnyType) {
  write("notes.unknown", "alpha");
  EXPECT_EQ(import(root_ + "/notes.unknown").added, 1);
}

TEST_F(Import, StopsWhenAskedAndGoesOnLater) {
  for (int i = 0; i < 300; ++i)
    write(std::to_string(i) + ".md", "# T" + std::to_string(i) + "\nx\n");
  std::stop_source source;
  const auto report =
      import_files(*store_, root_, {}, source.get_token(), [&](std::int64_t done, std::int64_t) {
        if (done == 150) source.request_stop();
      });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::cancelled);
  const ImportReport rest = import();
  EXPECT_EQ(rest.files, 300);
  EXPECT_GE(rest.unchanged, 64);
  EXPECT_LT(rest.unchanged, 300);
  EXPECT_EQ(ids().size(), 300U);
}

TEST_F(Import, TwoAtOnceAgree) {
  for (int i = 0; i < 200; ++i)
    write(std::to_string(i) + ".md", "# T" + std::to_string(i) + "\nx\n");
  std::jthread other([&] { (void)import_files(*store_, root_, {}, {}, [](auto, auto) {}); });
  import();
  other.join();
  EXPECT_EQ(ids().size(), 200U);
}

TEST_F(Import, LetsOtherWritersIn) {
  for (int i = 0; i < 300; ++i) {
    write(std::to_string(i) + ".md", "# T" + std::to_string(i) + "\n" + std::string(1500, 'x'));
  }
  std::promise<void> note;
  bool is_written_during_import = false;
  std::stop_source done;
  const auto report =
      import_files(*store_, root_, {}, {}, [&](std::int64_t files, std::int64_t total) {
        if (files == 100) {
          store::WriteJob job;
          job.run = [](store::Database& database) -> Result<std::string> {
            auto made = add_entry(database, {.text = "meanwhile"}, WallTime(1s));
            return made ? made->id : Result<std::string>(std::unexpected(made.error()));
          };
          job.done = [&](const auto&) { note.set_value(); };
          store_->write(std::move(job));
        }
        if (files == total - 1) {
          is_written_during_import = note.get_future().wait_for(30s) == std::future_status::ready;
        }
      });
  ASSERT_TRUE(report);
  EXPECT_TRUE(is_written_during_import);
}

}  // namespace
}  // namespace hearth::packs::knowledge
