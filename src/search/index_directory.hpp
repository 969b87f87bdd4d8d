// The directory of one index: its manifest, and the files that this names.
//
//   MANIFEST, 00000012.gen, 00000015.tomb, …
//
// A change writes new files, each synced, then replaces the manifest, then removes what the new one
// no longer names. A crash between any two steps leaves the old index or the new one, and files
// that nobody names; those go when the directory is opened. A removed file lives on for those who
// have it mapped, and its space is free when the last of them leaves. The directory belongs to one
// process (the daemon holds a lock over all of its data), and to one thread at a time here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "search/manifest.hpp"
#include "store/env.hpp"

namespace hearth::search {

inline constexpr std::string_view generation_suffix = ".gen";
inline constexpr std::string_view tombstones_suffix = ".tomb";

class IndexDirectory final {
 public:
  // The directory exists; an empty one is an empty index. `mismatch` when the index was made with
  // another schema, `damaged` or `unsupported` when its manifest cannot be used: `recreate` it
  // then.
  [[nodiscard]] static Result<std::unique_ptr<IndexDirectory>> open(store::Env& env,
                                                                    std::string path,
                                                                    std::string schema);
  // An empty index in the place of whatever there is.
  [[nodiscard]] static Result<std::unique_ptr<IndexDirectory>> recreate(store::Env& env,
                                                                        std::string path,
                                                                        std::string schema);

  [[nodiscard]] store::Env& env() const { return env_; }
  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  // Never given twice.
  [[nodiscard]] std::uint64_t next_number() { return next_number_++; }
  [[nodiscard]] std::string path_of(std::uint64_t number, std::string_view suffix) const;

  // Makes `next` the manifest; its files are written and synced. On an error the old or the new one
  // is in force after a crash, so that no file of either is removed until another commit.
  [[nodiscard]] Result<void> commit(Manifest next);

 private:
  IndexDirectory(store::Env& env, std::string path) : env_(env), path_(std::move(path)) {}
  [[nodiscard]] std::string manifest_path() const { return path_ + "/MANIFEST"; }
  [[nodiscard]] bool is_named(std::string_view file) const;
  [[nodiscard]] Result<void> remove_orphans();

  store::Env& env_;
  const std::string path_;
  Manifest manifest_;
  std::uint64_t next_number_ = 1;
};

}  // namespace hearth::search
