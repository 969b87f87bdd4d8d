// A file system in memory that fails on demand and forgets what was not synced.
//
// Every call of an Env or of its files is a step. `fail_at(n)` makes the n-th step from now fail
// (an append then keeps half of its bytes, as a full disk does). `crash()` leaves what a loss of
// power leaves in the worst case: of each file the bytes of its last sync, of each directory the
// names of its last sync_directory.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/env.hpp"

namespace hearth::test {

class FaultEnv final : public store::Env {
 public:
  // The `n`-th step from now (1: the next) fails with `io`; 0 turns it off.
  void fail_at(int n) {
    const std::lock_guard lock(mutex_);
    until_failure_ = n;
  }
  [[nodiscard]] int steps() const {
    const std::lock_guard lock(mutex_);
    return steps_;
  }
  void crash() {
    const std::lock_guard lock(mutex_);
    names_ = durable_names_;
    for (auto& [path, node] : names_) node->bytes = node->durable_bytes;
    until_failure_ = 0;
  }

  Result<std::unique_ptr<store::WritableFile>> create(const std::string& path, mode_t) override {
    const std::lock_guard lock(mutex_);
    if (auto ok = step("create", path); !ok) return std::unexpected(ok.error());
    if (names_.contains(path)) return fail(Errc::conflict, "create " + path + ": it exists");
    return open(names_[path] = std::make_shared<Node>(), path);
  }
  Result<std::unique_ptr<store::WritableFile>> open_append(const std::string& path,
                                                           mode_t) override {
    const std::lock_guard lock(mutex_);
    if (auto ok = step("open", path); !ok) return std::unexpected(ok.error());
    auto& node = names_[path];
    if (!node) node = std::make_shared<Node>();
    return open(node, path);
  }
  Result<std::string> read(const std::string& path, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    auto node = find("read", path);
    if (!node) return std::unexpected(node.error());
    if ((*node)->bytes.size() > limit) return fail(Errc::unsupported, "read " + path + ": larger");
    return (*node)->bytes;
  }
  Result<std::unique_ptr<store::MappedFile>> map(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    auto node = find("map", path);
    if (!node) return std::unexpected(node.error());
    return std::make_unique<Mapped>((*node)->bytes);
  }
  Result<std::uint64_t> size(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    auto node = find("stat", path);
    if (!node) return std::unexpected(node.error());
    return (*node)->bytes.size();
  }
  Result<void> truncate(const std::string& path, std::uint64_t size) override {
    const std::lock_guard lock(mutex_);
    auto node = find("truncate", path);
    if (!node) return std::unexpected(node.error());
    (*node)->bytes.resize(size);
    (*node)->durable_bytes = (*node)->bytes;
    return {};
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    auto node = find("rename", from);
    if (!node) return std::unexpected(node.error());
    names_[to] = *node;
    names_.erase(from);
    return {};
  }
  Result<void> unlink(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    auto node = find("remove", path);
    if (!node) return std::unexpected(node.error());
    names_.erase(path);
    return {};
  }
  Result<void> sync_directory(const std::string& directory) override {
    const std::lock_guard lock(mutex_);
    if (auto ok = step("sync", directory); !ok) return ok;
    std::erase_if(durable_names_, [&](const auto& each) { return is_in(directory, each.first); });
    for (const auto& [path, node] : names_) {
      if (is_in(directory, path)) durable_names_[path] = node;
    }
    return {};
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    const std::lock_guard lock(mutex_);
    if (auto ok = step("list", directory); !ok) return std::unexpected(ok.error());
    std::vector<std::string> names;
    for (const auto& [path, node] : names_) {
      if (is_in(directory, path)) names.push_back(path.substr(path.rfind('/') + 1));
    }
    return names;
  }

 private:
  struct Node {
    std::string bytes;
    std::string durable_bytes;
  };

  class File final : public store::WritableFile {
   public:
    File(FaultEnv& env, std::shared_ptr<Node> node, std::string path)
        : env_(env), node_(std::move(node)), path_(std::move(path)) {}
    Result<void> append(std::string_view bytes) override {
      const std::lock_guard lock(env_.mutex_);
      auto ok = env_.step("write", path_);
      node_->bytes.append(ok ? bytes : bytes.substr(0, bytes.size() / 2));
      return ok;
    }
    Result<void> sync() override {
      const std::lock_guard lock(env_.mutex_);
      if (auto ok = env_.step("sync", path_); !ok) return ok;
      node_->durable_bytes = node_->bytes;
      return {};
    }

   private:
    FaultEnv& env_;
    std::shared_ptr<Node> node_;  // also after an unlink, as with a descriptor
    std::string path_;
  };

  class Mapped final : public store::MappedFile {
   public:
    explicit Mapped(std::string bytes) : bytes_(std::move(bytes)) {}
    std::string_view bytes() const override { return bytes_; }

   private:
    std::string bytes_;
  };

  static bool is_in(const std::string& directory, const std::string& path) {
    return store::directory_of(path) == directory;
  }
  std::unique_ptr<store::WritableFile> open(std::shared_ptr<Node> node, const std::string& path) {
    return std::make_unique<File>(*this, std::move(node), path);
  }
  Result<void> step(std::string_view what, const std::string& path) {
    ++steps_;
    if (until_failure_ == 0 || --until_failure_ != 0) return {};
    return fail(Errc::io, std::string(what) + " " + path + ": injected failure");
  }
  Result<std::shared_ptr<Node>> find(std::string_view what, const std::string& path) {
    if (auto ok = step(what, path); !ok) return std::unexpected(ok.error());
    const auto found = names_.find(path);
    if (found == names_.end()) {
      return fail(Errc::not_found, std::string(what) + " " + path + ": no such file");
    }
    return found->second;
  }

  mutable std::mutex mutex_;
  int steps_ = 0;
  int until_failure_ = 0;
  std::map<std::string, std::shared_ptr<Node>> names_;
  std::map<std::string, std::shared_ptr<Node>> durable_names_;
};

}  // namespace hearth::test
