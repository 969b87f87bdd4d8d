// The tools for the symbols of source files: context_index, context_query, context_show.
#include <sys/stat.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "base/closest.hpp"
#include "packs/issues/caller_files.hpp"
#include "packs/issues/context_wire.hpp"
#include "packs/issues/tools.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::chrono::milliseconds index_time_limit = std::chrono::minutes(10);
constexpr std::size_t named_failures = 20;
constexpr std::size_t files_a_commit = 500;

Result<std::vector<ContextFile>> all_files(IssueStore& store, const std::stop_token& stop) {
  const auto reader = store.reader(stop);
  if (!reader) return std::unexpected(reader.error());
  std::vector<ContextFile> files;
  auto read = Cache::each(**reader, RowKind::file, [&files](const std::vector<Event>& events) {
    if (auto file = project_file(events)) files.push_back(std::move(*file));
  });
  if (!read) return std::unexpected(std::move(read.error()));
  return files;
}

// ---- Indexing ---------------------------------------------------------------------------------

struct WorkTree {
  std::string root;
  std::vector<std::string> tracked;
};

// The caller's, which need not be the one that the store was opened from.
Result<WorkTree> work_tree_of(const pack::Call& call) {
  const auto repository = repository_of(call);
  if (!repository) return std::unexpected(repository.error());
  auto root = (*repository)->work_tree();
  if (!root) {
    return fail(Errc::unsupported, "a bare repository has no files to index",
                {"call it from a clone or a worktree"});
  }
  auto tracked = (*repository)->tracked_files();
  if (!tracked) return std::unexpected(std::move(tracked.error()));
  return WorkTree{std::move(*root), std::move(*tracked)};
}

// git tracks it until its removal is committed; nobody can open it any more.
bool has_file(const std::string& root, const std::string& path) {
  struct stat found{};
  return ::lstat((root + "/" + path).c_str(), &found) == 0;
}

Result<void> append(IssueStore& store,
                    std::span<ContextUpdated> files,
                    const wire::IndexRequest& request,
                    const pack::Call& call) {
  WriteJob job;
  job.actor = request.actor.value_or("");
  job.stop = call.stop();
  job.make = [files](const Board&, store::Database&, const Actor&) -> Result<Batch> {
    Batch batch;
    for (ContextUpdated& file : files) {
      const IssueId id = context_id(file.path);
      batch.drafts.push_back({id, std::move(file)});
    }
    return batch;
  };
  auto receipt = store.write_and_wait(std::move(job));
  if (!receipt) return std::unexpected(std::move(receipt.error()));
  return {};
}

Result<wire::IndexAnswer> index(IssueStore& store,
                                const wire::IndexRequest& request,
                                const pack::Call& call) {
  if (!has_symbols()) return std::unexpected(extract_symbols(Language::c, "").error());
  const auto tree = work_tree_of(call);
  if (!tree) return std::unexpected(tree.error());
  const auto known = all_files(store, call.stop());
  if (!known) return std::unexpected(known.error());
  std::map<std::string, Sha256> hashes;
  if (!request.force) {
    for (const ContextFile& file : *known) {
      hashes.emplace(file.content.path, file.content.content_hash);
    }
  }
  auto files = choose_files(tree->tracked, {request.path, request.pattern.value_or("")});
  if (files.empty() && (!request.path.empty() || request.pattern)) {
    return fail(Errc::not_found, "git tracks no file of that path and pattern here",
                {"paths are from the project's root: git ls-files"});
  }
  std::erase_if(files, [&](const std::string& path) { return !has_file(tree->root, path); });
  const auto total = static_cast<double>(files.size());
  auto described = describe_files(tree->root, files, hashes, call.stop(), [&](std::size_t done) {
    if (done % 50 == 0) call.progress(static_cast<double>(done), total, "files read");
  });
  if (!described) return std::unexpected(std::move(described.error()));
  wire::IndexAnswer answer{.indexed = wire::number(described->files.size()),
                           .skipped = wire::number(described->unchanged),
                           .total_files = wire::number(files.size()),
                           .failed = {},
                           .failed_total = wire::number(described->skipped.size())};
  for (std::span<ContextUpdated> rest = described->files; !rest.empty();) {
    const std::size_t some = std::min(rest.size(), files_a_commit);
    auto done = append(store, rest.first(some), request, call);
    if (!done) return std::unexpected(std::move(done.error()));
    rest = rest.subspan(some);
  }
  for (SkippedFile& file : described->skipped) {
    if (answer.failed.size() == named_failures) break;
    answer.failed.push_back({std::move(file.path), std::move(file.why)});
  }
  return answer;
}

// ---- Asking -----------------------------------------------------------------------------------

// What other branches have, or had, is in the log, too. Without a work tree all of it is told.
void keep_tracked(std::vector<ContextFile>& files, const pack::Call& call) {
  const auto tree = work_tree_of(call);
  if (!tree) return;
  const std::unordered_set<std::string_view> tracked(tree->tracked.begin(), tree->tracked.end());
  std::erase_if(files, [&](const ContextFile& file) {
    return !tracked.contains(file.content.path) || !has_file(tree->root, file.content.path);
  });
}

Result<wire::SymbolAnswer> query(IssueStore& store,
                                 const wire::SymbolQuery& request,
                                 const pack::Call& call) {
  auto files = all_files(store, call.stop());
  if (!files) return std::unexpected(files.error());
  keep_tracked(*files, call);
  return wire::to_answer(
      request.query, find_symbols(*files, request.query, static_cast<std::size_t>(request.limit)));
}

Result<wire::FileAnswer> show(IssueStore& store,
                              const wire::FileRequest& request,
                              const pack::Call& call) {
  {
    const auto reader = store.reader(call.stop());
    if (!reader) return std::unexpected(reader.error());
    const auto events = Cache::events(**reader, context_id(request.path));
    if (!events) return std::unexpected(events.error());
    if (const auto file = project_file(*events)) return wire::to_answer(file->content);
  }
  const auto files = all_files(store, call.stop());
  if (!files) return std::unexpected(files.error());
  std::vector<std::string> paths;
  for (const ContextFile& file : *files) paths.push_back(file.content.path);
  auto suggestions = closest_names(request.path, paths);
  if (suggestions.empty()) suggestions.emplace_back("index it: hearth issues context-index");
  return fail(Errc::not_found, request.path + " is not indexed", std::move(suggestions));
}

}  // namespace

void declare_context_tools(pack::Binder& tools, ToolRunner& runner) {
  pack::ToolSpec indexing =
      doing("context_index", "Index source files",
            "Write which functions, types and so on the tracked files of this work tree define; "
            "files that have not changed are skipped. C, C++, Elixir, Go, Java, JavaScript, "
            "Python, Ruby, Rust, TypeScript.",
            {.idempotent = true});
  indexing.time_limit = index_time_limit;
  indexing.task = pack::TaskSupport::optional;
  runner.bind<wire::IndexRequest, wire::IndexAnswer>(tools, std::move(indexing),
                                                     pack::Length::lengthy, index);
  runner.bind<wire::SymbolQuery, wire::SymbolAnswer>(
      tools,
      reading("context_query", "Find symbols",
              "Where a function, class, struct … is defined: path and lines, by name, its "
              "beginning, or nearly so."),
      pack::Length::brief, query);
  runner.bind<wire::FileRequest, wire::FileAnswer>(
      tools,
      reading("context_show", "Show a file's symbols", "What an indexed file defines, by line."),
      pack::Length::brief, show);
}

}  // namespace hearth::packs::issues
