#include "packs/issues/engine/transport.hpp"

#include <sys/stat.h>

#include <iterator>
#include <utility>

namespace hearth::packs::issues {
namespace {

class LocalTransport final : public Transport {
 public:
  LocalTransport(Repository& here, std::unique_ptr<Repository> there)
      : here_(here), there_(std::move(there)) {}

  Result<std::vector<Reference>> list() override {
    auto all = there_->references("refs/grite/");
    if (!all) return all;
    auto ours = there_->references("refs/hearth/");
    if (!ours) return ours;
    std::ranges::move(*ours, std::back_inserter(*all));
    return all;
  }

  Result<void> fetch(std::span<const Reference> remote) override {
    std::vector<ObjectId> roots;
    for (const Reference& each : remote) roots.push_back(each.target);
    return here_.copy_from(*there_, roots);
  }

  Result<void> reserve() override {
    if (reserved_) return {};
    auto held = there_->lock();
    if (!held) return std::unexpected(std::move(held.error()));
    reserved_.emplace(std::move(*held));
    return {};
  }

  Result<std::vector<Pushed>> push(std::span<const RefChange> changes) override {
    std::vector<ObjectId> roots;
    for (const RefChange& each : changes) {
      if (each.to) roots.push_back(*each.to);
    }
    if (auto copied = there_->copy_from(here_, roots); !copied) {
      return std::unexpected(std::move(copied.error()));
    }
    if (reserved_) return change(*reserved_, changes);
    auto held = there_->lock();
    if (!held) return std::unexpected(std::move(held.error()));
    return change(*held, changes);
  }

 private:
  Result<std::vector<Pushed>> change(WriteLock::Held& held, std::span<const RefChange> changes) {
    std::vector<Pushed> all;
    for (const RefChange& each : changes) {
      const auto done = there_->update_reference(held, each.name, each.expected, each.to);
      if (!done && done.error().code == Errc::busy) return std::unexpected(done.error());
      all.push_back({.is_made = done.value_or(false), .refusal = done ? "" : done.error().message});
    }
    return all;
  }

  Repository& here_;
  const std::unique_ptr<Repository> there_;
  std::optional<WriteLock::Held> reserved_;
};

}  // namespace

std::optional<std::string> local_path_of(const std::string& url, const std::string& relative_to) {
  constexpr std::string_view scheme = "file://";
  std::string path = url;
  if (path.starts_with(scheme)) {
    path = path.substr(scheme.size());
    if (!path.starts_with('/')) path = path.substr(std::min(path.find('/'), path.size()));
  } else if (!path.starts_with('/')) {
    path = relative_to + "/" + path;
  }
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) return std::nullopt;
  return path;
}

Result<std::unique_ptr<Transport>> local_transport(Repository& here,
                                                   const std::string& path,
                                                   const Repository::Options& options) {
  auto there = Repository::open(path, options);
  if (!there) return std::unexpected(std::move(there.error()).within("the remote"));
  return std::make_unique<LocalTransport>(here, std::move(*there));
}

}  // namespace hearth::packs::issues
