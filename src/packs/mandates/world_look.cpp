#include "packs/mandates/world_look.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "packs/mandates/decision.hpp"
#include "packs/mandates/observer.hpp"
#include "packs/mandates/workspace/find_files.hpp"
#include "packs/mandates/workspace/root.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_files = 20'000;
constexpr std::size_t most_items = 20'000;
constexpr std::size_t most_named = 5;
constexpr std::size_t most_name_bytes = 120;
// The file system's clock goes in steps; within one a second change looks like the first.
constexpr milliseconds tick{100};
// Entries are committed in an order that is not quite that of their times.
constexpr auto overlap_of_looks = std::chrono::minutes(10);

struct Found {
  Marks marks;
  std::vector<std::string> causes;
  std::int64_t unclear = 0;
};

// ---- Files --------------------------------------------------------------------------------------

// "TIME SIZE HASH": the first two tell that a file need not be read, the last whether it is
// another.
std::string_view hash_of(std::string_view mark) {
  return mark.substr(mark.rfind(' ') + 1);
}

WallTime changed_at(const struct stat& info) {
  return WallTime(milliseconds(info.st_ctim.tv_sec * 1000 + info.st_ctim.tv_nsec / 1'000'000));
}

// Which changes of files were a mandate's own.
class OwnChanges final {
 public:
  OwnChanges(std::span<const OwnEffect> effects, const std::string& workspace) {
    for (const OwnEffect& each : effects) {
      const auto deed = parse_deed(each.payload);
      if (!deed || deed->workspace != workspace) continue;
      if (each.kind == "change") {
        for (const DeedFile& file : deed->files) {
          known_.insert({file.path, file.after_hash});
          if (file.to.empty()) continue;
          known_.insert({file.path, ""});
          known_.insert({file.to, file.after_hash});
          known_.insert({file.to, file.before_hash});
        }
      }
      // What a command or another pack's tool writes, only the time tells.
      if (each.kind == "report") {
        for (const DeedFile& file : deed->files)
          reports_.emplace(file.path, std::pair(each.from - tick, each.to));
      }
      const bool is_program = (each.kind == "command" && deed->writes) || each.kind == "tool";
      if (is_program) spans_.emplace_back(each.from - tick, each.to);
    }
  }
  // `when`: nothing for a file that is gone.
  [[nodiscard]] bool contain(const std::string& path,
                             std::string_view hash,
                             std::optional<WallTime> when) const {
    if (known_.contains({path, std::string(hash)})) return true;
    const auto [first, last] = reports_.equal_range(path);
    return std::any_of(first, last, [&](const auto& each) {
      return !when || (*when >= each.second.first && *when <= each.second.second);
    });
  }
  // Whether a program of a mandate may have done it, or somebody else at that time.
  [[nodiscard]] bool may_contain(std::optional<WallTime> when) const {
    return std::ranges::any_of(spans_, [&](const auto& span) {
      return !when || (*when >= span.first && *when <= span.second);
    });
  }

 private:
  std::set<std::pair<std::string, std::string>> known_;
  std::multimap<std::string, std::pair<WallTime, WallTime>> reports_;
  std::vector<std::pair<WallTime, WallTime>> spans_;
};

struct FileSeen {
  std::string mark;
  WallTime changed;
};

// Nothing where there is no such file any more; of one that could not be looked at nobody knows.
Result<std::optional<FileSeen>> see_file(const workspace::Root& root,
                                         const std::string& path,
                                         const std::string& known,
                                         WallTime now) {
  const auto opened = root.open_below(path, O_PATH);
  struct stat info{};
  if (!opened && opened.error().code == Errc::io) {
    // One whose directory is a file now is gone, too.
    constexpr int flags = AT_SYMLINK_NOFOLLOW;
    if (::fstatat(root.descriptor(), path.c_str(), &info, flags) != 0 && errno == ENOTDIR)
      return std::nullopt;
    return std::unexpected(opened.error());
  }
  if (!opened || ::fstat(opened->get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  const WallTime changed = changed_at(info);
  const std::string stamp = std::to_string(info.st_ctim.tv_sec) + "." +
                            std::to_string(info.st_ctim.tv_nsec) + " " +
                            std::to_string(info.st_size) + " ";
  if (known.starts_with(stamp)) return FileSeen{known, changed};
  const auto file = root.read(path);
  // One that may not be read is told by its time.
  const std::string hash = file ? file->hash : "at-" + stamp.substr(0, stamp.find(' '));
  const bool is_settled = now - changed > tick;
  return FileSeen{(is_settled ? stamp : "0 0 ") + hash, changed};
}

std::string cause_of(const std::vector<std::string>& paths, const secrets::Redactor& redactor) {
  std::string text = "changed ";
  for (std::size_t i = 0; i < std::min(paths.size(), most_named); ++i)
    text += (i == 0 ? "" : ", ") + clipped(redactor.redact(paths[i]), most_name_bytes);
  if (paths.size() > most_named)
    text += " and " + std::to_string(paths.size() - most_named) + " more";
  return text;
}

Result<Found> look_at_files(const LookOrder& order, const secrets::Redactor& redactor) {
  const auto root = workspace::Root::open(order.workspace);
  if (!root) return std::unexpected(root.error());
  const auto paths = workspace::find_files(*root, order.watched.words);
  if (!paths) return std::unexpected(paths.error());
  if (paths->size() > most_files)
    return fail(Errc::unsupported, "more than 20,000 files fit what a schedule waits for",
                {"write narrower patterns"});
  const Marks none;
  const Marks& before = order.last ? order.last->marks : none;
  const OwnChanges own(order.own, root->path());
  Found found;
  std::vector<std::string> changed;
  const auto tell = [&](const std::string& path, std::string_view hash,
                        std::optional<WallTime> when) {
    if (own.contain(path, hash, when)) return;
    if (own.may_contain(when)) {
      ++found.unclear;
    } else {
      changed.push_back(path);
    }
  };
  for (const std::string& path : *paths) {
    const auto known = before.find(path);
    const std::string mark = known == before.end() ? "" : known->second;
    auto seen = see_file(*root, path, mark, order.now);
    if (!seen) return std::unexpected(std::move(seen.error()));
    if (!*seen) continue;
    const std::string hash(hash_of((*seen)->mark));
    if (mark.empty() || hash_of(mark) != hash) tell(path, hash, (*seen)->changed);
    found.marks.emplace(path, std::move((*seen)->mark));
  }
  for (const auto& [path, mark] : before) {
    if (!found.marks.contains(path)) tell(path, "", {});
  }
  if (!changed.empty()) found.causes.push_back(cause_of(changed, redactor));
  return found;
}

// ---- Issues and entries -------------------------------------------------------------------------

// Whether an effect made it, or has changed it.
bool is_own(const ListedItem& item, std::span<const OwnEffect> effects) {
  return std::ranges::any_of(effects, [&](const OwnEffect& each) {
    return each.kind == "tool" && (each.output.find(item.id) != std::string::npos ||
                                   each.payload.find(item.id) != std::string::npos);
  });
}

void note(Found& found, const LookOrder& order, const ListedItem& item, const std::string& what) {
  const bool is_new = !order.last || !order.last->marks.contains(item.id);
  if (is_new && !is_own(item, order.own)) {
    std::string name = item.name;
    std::ranges::replace_if(name, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    found.causes.push_back(what + ": " + item.id + " " + clipped(std::move(name), most_name_bytes));
  }
  found.marks.emplace(item.id, "");
}

class Lister final {
 public:
  Lister(Workbench& bench,
         const std::string& name_space,
         const LookOrder& order,
         const std::stop_token& stop)
      : bench_(bench), name_space_(name_space), order_(order), stop_(stop) {}

  Result<std::string> ask(const std::string& tool, std::string arguments) const {
    return bench_.call_tool({.tool = tool,
                             .arguments = std::move(arguments),
                             .mandate = order_.mandate,
                             .workspace = order_.workspace,
                             .name_space = name_space_,
                             .key = {},
                             .read_only = true},
                            stop_);
  }

 private:
  Workbench& bench_;
  const std::string& name_space_;
  const LookOrder& order_;
  const std::stop_token& stop_;
};

Result<Found> look_at_issues(const Lister& lister, const LookOrder& order) {
  const std::string& label = order.watched.words.front();
  Found found;
  for (std::size_t offset = 0;;) {
    const auto answer = lister.ask("issues_list", issues_arguments(label, offset));
    if (!answer) return std::unexpected(answer.error());
    const auto page = parse_issues(*answer);
    if (!page) return std::unexpected(page.error());
    for (const ListedItem& each : page->items) note(found, order, each, "labelled " + label);
    offset += page->items.size();
    if (page->is_last) return found;
    if (offset > most_items) {
      return fail(Errc::unsupported, "more than 20,000 issues carry the label " + label,
                  {"wait for a rarer one"});
    }
  }
}

Result<Found> look_at_entries(const Lister& lister, const LookOrder& order) {
  const WallTime since = (order.last ? order.last->looked : order.now) - overlap_of_looks;
  std::string what = "remembered";
  for (const std::string& tag : order.watched.words) what += " " + tag;
  Found found;
  for (std::string cursor;;) {
    const auto answer =
        lister.ask("knowledge_list", entries_arguments(order.watched.words, since, cursor));
    if (!answer) return std::unexpected(answer.error());
    const auto page = parse_entries(*answer);
    if (!page) return std::unexpected(page.error());
    for (const ListedItem& each : page->items) {
      // The list has those that were changed, too.
      if (each.created && *each.created >= since) note(found, order, each, what);
    }
    // Newest first: of a large import the oldest are left, and more than enough have happened.
    if (page->is_last || page->cursor.empty() || found.marks.size() > most_items) return found;
    cursor = page->cursor;
  }
}

}  // namespace

Result<std::optional<Sighting>> look_at_world(Workbench& bench,
                                              const std::string& name_space,
                                              const LookOrder& order,
                                              const std::stop_token& stop) {
  using What = Watched::What;
  // Until its answer is stored nobody can tell what it made.
  const std::string_view pack = order.watched.what == What::label ? "issues_" : "knowledge_";
  const bool is_unclear = order.watched.what != What::files &&
                          std::ranges::any_of(order.own, [&](const OwnEffect& each) {
                            return each.is_open && each.target.starts_with(pack);
                          });
  if (is_unclear) return std::optional<Sighting>();
  const Lister lister(bench, name_space, order, stop);
  auto found = order.watched.what == What::files   ? look_at_files(order, bench.redactor())
               : order.watched.what == What::label ? look_at_issues(lister, order)
                                                   : look_at_entries(lister, order);
  if (!found) return std::unexpected(std::move(found.error()));
  // What was there before anybody looked has not happened.
  if (!order.last) {
    found->causes.clear();
    found->unclear = 0;
  }
  return std::optional(Sighting{.looked = order.now,
                                .marks = std::move(found->marks),
                                .causes = std::move(found->causes),
                                .unclear = found->unclear});
}

}  // namespace hearth::packs::mandates
