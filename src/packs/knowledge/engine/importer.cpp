#include "packs/knowledge/engine/importer.hpp"

#include <algorithm>
#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "packs/knowledge/engine/html_text.hpp"

namespace hearth::packs::knowledge {
namespace {

// Of one write job, so that other writers come in between.
constexpr std::size_t batch_chunks = 64;
constexpr std::size_t batch_files = 64;

// A file changed this short a time ago may change again without its time telling.
constexpr std::int64_t fresh_ns = 2'000'000'000;

struct Batch {
  std::vector<SourceFile> files;
  std::vector<std::string> removed;
  std::size_t chunks = 0;

  [[nodiscard]] bool is_full() const {
    return chunks >= batch_chunks || files.size() + removed.size() >= batch_files;
  }
  [[nodiscard]] bool is_empty() const { return files.empty() && removed.empty(); }
};

class Importer {
 public:
  Importer(KnowledgeStore& store,
           const std::string& path,
           const FileReaders& readers,
           const std::stop_token& stop,
           const ImportProgress& progress)
      : store_(store), readers_(readers), stop_(stop), progress_(progress) {
    report_.path = path;
  }

  Result<ImportReport> run() {
    {
      // First: what another import adds from here on is found, and so not missing.
      auto reader = store_.reader(stop_);
      if (!reader) return std::unexpected(std::move(reader.error()));
      auto known = sources_below(**reader, report_.path);
      if (!known) return std::unexpected(std::move(known.error()));
      known_ = std::move(*known);
    }
    auto found = find_files(report_.path, stop_);
    if (!found) return std::unexpected(std::move(found.error()));
    report_.skipped = std::move(found->skipped);
    report_.is_cut = found->is_cut;
    auto done = take_all(found->files);
    if (done && !found->is_cut) done = remove_missing(found->unreadable);
    if (done) done = flush();
    // Also after an error: a job in flight refers to this object.
    if (auto last = wait(); done && !last) done = std::move(last);
    if (!done) return std::unexpected(std::move(done.error()));
    return std::move(report_);
  }

 private:
  Result<void> take_all(const std::vector<FoundFile>& files) {
    const auto total = static_cast<std::int64_t>(files.size());
    for (const FoundFile& file : files) {
      if (stop_.stop_requested()) return stopped();
      if (auto done = take(file); !done) return done;
      progress_(++done_, total);
    }
    return {};
  }

  Error cancelled() const {
    return {Errc::cancelled,
            "the import was cancelled after " + std::to_string(done_) + " files, which stay",
            {"run it again to go on: what is done is not done again"}};
  }
  Result<void> stopped() const { return std::unexpected(cancelled()); }

  Result<void> take(const FoundFile& found) {
    const auto known = known_.find(found.path);
    const bool is_known = known != known_.end();
    if (is_known && known->second.mtime_ns == found.mtime_ns && known->second.size == found.size) {
      return count_unchanged(known);
    }
    auto content = read(found.path);
    if (!content) {
      // What was imported from it before is outdated in any case: it stays known, and so goes.
      ++report_.skipped[content.error().code == Errc::unsupported ? content.error().message
                                                                  : "unreadable"];
      if (is_known && content.error().code != Errc::unsupported) known_.erase(known);
      return {};
    }
    ++report_.files;
    const bool is_same = is_known && known->second.hash == fingerprint_hex(*content);
    ++(is_same ? report_.unchanged : is_known ? report_.updated : report_.added);
    if (is_known) known_.erase(known);
    batch_.files.push_back(to_source(found, *content, is_same));
    batch_.chunks += batch_.files.back().chunks.size();
    return batch_.is_full() ? flush() : Result<void>();
  }

  // As Markdown or text.
  Result<std::string> read(const std::string& path) const {
    const FileType type = file_type(path.substr(path.rfind('/') + 1));
    if (type == FileType::pdf) {
      if (!readers_.pdf) return fail(Errc::unsupported, "PDF, and there is no pdftotext");
      return readers_.pdf(path, stop_);
    }
    auto content = read_text_file(path);
    return content && type == FileType::html ? html_to_markdown(*content) : std::move(content);
  }

  Result<void> count_unchanged(std::unordered_map<std::string, SourceState>::iterator known) {
    ++report_.files;
    ++report_.unchanged;
    known_.erase(known);
    return {};
  }

  SourceFile to_source(const FoundFile& found, const std::string& content, bool is_same) const {
    SourceFile file;
    file.path = found.path;
    file.state = {found.mtime_ns, found.size, fingerprint_hex(content)};
    const std::int64_t now_ns = store_.clock().wall().time_since_epoch().count() * 1'000'000;
    if (now_ns - found.mtime_ns < fresh_ns) file.state.mtime_ns = 0;
    const FileType type = file_type(found.path.substr(found.path.rfind('/') + 1));
    file.kind = type == FileType::code ? "code" : "doc";
    if (is_same) return file;
    const std::string name = short_name(found.path);
    file.chunks = type == FileType::markdown || type == FileType::html
                      ? chunk_markdown(name, content)
                      : chunk_text(name, content);
    return file;
  }

  // The last two parts of a path: a title that does not depend on what was imported.
  static std::string short_name(const std::string& path) {
    const std::size_t last = path.rfind('/');
    if (last == std::string::npos || last == 0) return path;
    const std::size_t before = path.rfind('/', last - 1);
    return before == std::string::npos ? path : path.substr(before + 1);
  }

  // What is still known was not found.
  Result<void> remove_missing(const std::vector<std::string>& unreadable) {
    for (const auto& [path, state] : known_) {
      const bool is_hidden_from_us = std::ranges::any_of(
          unreadable, [&](const std::string& folder) { return path.starts_with(folder + "/"); });
      if (is_hidden_from_us) continue;
      ++report_.removed;
      batch_.removed.push_back(path);
      if (!batch_.is_full()) continue;
      if (auto done = flush(); !done) return done;
    }
    return {};
  }

  // Hands the batch to the writer, once the one before is committed: the next is cut meanwhile.
  Result<void> flush() {
    if (auto done = wait(); !done) return done;
    if (batch_.is_empty()) return {};
    auto promise = std::make_shared<std::promise<Result<EntryCounts>>>();
    auto counts = std::make_shared<EntryCounts>();
    in_flight_ = promise->get_future();
    store::WriteJob job;
    job.run = [batch = std::move(batch_), counts,
               &clock = store_.clock()](store::Database& database) -> Result<std::string> {
      auto written = write(database, batch, clock.wall());
      if (!written) return std::unexpected(std::move(written.error()));
      *counts = *written;
      return std::string();
    };
    job.done = [promise, counts](Result<store::WriteOutcome> outcome) {
      if (outcome) {
        promise->set_value(*counts);
      } else {
        promise->set_value(std::unexpected(std::move(outcome.error())));
      }
    };
    batch_ = Batch();
    store_.write(std::move(job));
    return {};
  }

  Result<void> wait() {
    if (!in_flight_.valid()) return {};
    auto written = in_flight_.get();
    if (!written) return std::unexpected(std::move(written.error()));
    report_.entries += *written;
    return {};
  }

  static Result<EntryCounts> write(store::Database& database, const Batch& batch, WallTime now) {
    EntryCounts counts;
    for (const SourceFile& file : batch.files) {
      auto written = write_source(database, file, now);
      if (!written) return written;
      counts += *written;
    }
    for (const std::string& path : batch.removed) {
      auto removed = remove_source(database, path);
      if (!removed) return removed;
      counts += *removed;
    }
    return counts;
  }

  KnowledgeStore& store_;
  const FileReaders& readers_;
  const std::stop_token& stop_;
  const ImportProgress& progress_;
  ImportReport report_;
  std::unordered_map<std::string, SourceState> known_;  // not met yet
  Batch batch_;
  std::future<Result<EntryCounts>> in_flight_;
  std::int64_t done_ = 0;
};

}  // namespace

Result<ImportReport> import_files(KnowledgeStore& store,
                                  const std::string& path,
                                  const FileReaders& readers,
                                  const std::stop_token& stop,
                                  const ImportProgress& progress) {
  return Importer(store, path, readers, stop, progress).run();
}

}  // namespace hearth::packs::knowledge
