#include "packs/issues/engine/symbols/tracked.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "base/regular_file.hpp"
#include "packs/issues/engine/crypto.hpp"
#include "packs/issues/engine/symbols/describe.hpp"
#include "search/text/unicode.hpp"

namespace hearth::packs::issues {
namespace {

constexpr std::chrono::seconds time_for_one_file{5};

bool lies_in(std::string_view path, std::string_view folder) {
  while (folder.starts_with("./")) folder.remove_prefix(2);
  while (folder.ends_with('/')) folder.remove_suffix(1);
  if (folder.empty() || folder == ".") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

// What a file amounts to; nothing when its bytes are known.
Result<std::optional<ContextUpdated>> describe_changed(const std::string& root,
                                                       const std::string& path,
                                                       const std::map<std::string, Sha256>& known,
                                                       const std::stop_token& stop) {
  if (!search::text::is_utf8(path)) return fail(Errc::unsupported, "its name is not UTF-8");
  ExtractLimits limits;
  limits.deadline = std::chrono::steady_clock::now() + time_for_one_file;
  limits.stop = stop;
  auto bytes = read_head(root + "/" + path, limits.most_bytes + 1);
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  const auto before = known.find(path);
  if (before != known.end() && before->second == sha256(*bytes)) return std::nullopt;
  auto described = describe_file(path, *bytes, limits);
  if (!described) return std::unexpected(std::move(described.error()));
  return std::move(*described);
}

}  // namespace

IssueId context_id(std::string_view path) {
  IssueId id;
  id.bytes = blake2b_128(std::string("grite:context:file:").append(path));
  return id;
}

std::vector<std::string> choose_files(std::span<const std::string> tracked,
                                      const FileChoice& choice) {
  std::vector<std::string> chosen;
  for (const std::string& path : tracked) {
    if (!language_of_path(path)) continue;
    const bool is_named = choice.paths.empty() ||
                          std::ranges::any_of(choice.paths, [&path](const std::string& named) {
                            return lies_in(path, named);
                          });
    const bool fits =
        choice.pattern.empty() || ::fnmatch(choice.pattern.c_str(), path.c_str(), 0) == 0;
    if (is_named && fits) chosen.push_back(path);
  }
  return chosen;
}

Result<Described> describe_files(const std::string& root,
                                 std::span<const std::string> files,
                                 const std::map<std::string, Sha256>& known,
                                 const std::stop_token& stop,
                                 const std::function<void(std::size_t)>& told) {
  Described found;
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto described = describe_changed(root, files[i], known, stop);
    if (stop.stop_requested()) return fail(Errc::cancelled, "the request was withdrawn");
    if (!described) {
      found.skipped.push_back({files[i], std::move(described.error().message)});
    } else if (*described) {
      found.files.push_back(std::move(**described));
    } else {
      ++found.unchanged;
    }
    told(i + 1);
  }
  return found;
}

}  // namespace hearth::packs::issues
