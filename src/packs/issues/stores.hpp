// The open issue stores of the pack: one for each repository and namespace that is in use.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/issues/engine/issue_store.hpp"

namespace hearth::packs::issues {

// Members are for any thread.
class Stores final {
 public:
  struct Place {
    std::string name_space;
    std::string directory;  // of the caller
  };
  // Stores are shared with the calls that use them, which may outlast close().
  using Shared = std::shared_ptr<IssueStore>;
  // Opens the store of a repository; blocks. `common_directory` is where the repository is.
  using Open = std::function<Result<std::unique_ptr<IssueStore>>(
      const Place& place, const std::string& common_directory)>;

  // So many are kept open: each has a thread and some file descriptors.
  static constexpr std::size_t usual_most_open = 64;
  explicit Stores(Open open, std::size_t most_open = usual_most_open)
      : open_(std::move(open)), most_open_(most_open) {}

  // The store of a directory that was asked for before, if it is open, with its cache in its place;
  // never blocks for long.
  [[nodiscard]] Shared find(const Place& place);
  // Opens it if need be, also anew where its cache was removed, and waits while another thread
  // does. A failure is forgotten: the next call tries again. `draining` after close().
  [[nodiscard]] Result<Shared> get(const Place& place, bool is_power_safe);
  // The store of a repository, if it is open.
  [[nodiscard]] Shared find_open(const std::string& name_space,
                                 const std::string& common_directory);
  // Whether a caller there reads that repository's issues; also of one that has asked for nothing
  // yet. Never blocks for long.
  [[nodiscard]] bool may_be_in(const Place& place, const std::string& common_directory);
  // Closes the one that has had nothing to do for a while.
  void close_if_idle(const std::string& name_space, const std::string& common_directory);
  void close();
  struct Named {
    std::string name_space;
    Shared store;
  };
  [[nodiscard]] std::vector<Named> all();

 private:
  struct Key {
    std::string name_space;
    std::string path;
    auto operator<=>(const Key&) const = default;
  };
  struct Slot {
    Shared store;
    bool is_opening = false;
  };
  // Where a caller's directory belongs, and by which files git found that: with other ones it would
  // have been found elsewhere.
  struct Known {
    std::string common_directory;
    std::string found_at;
  };
  struct State {
    std::map<Key, Known> repositories;  // by a caller's directory
    std::map<Key, Slot> slots;          // by the common git directory
    std::vector<Shared> retired;        // whose caches were removed, as long as calls use them
    bool is_closed = false;
  };
  [[nodiscard]] std::vector<Shared> take_surplus(State& state) const;
  [[nodiscard]] static std::vector<Shared> take_retired(State& state);
  [[nodiscard]] static std::string found_at(const std::string& directory);
  [[nodiscard]] Result<Shared> open(const Place& place, const std::string& common_directory) const;

  const Open open_;
  const std::size_t most_open_;
  Guarded<State> state_;
};

}  // namespace hearth::packs::issues
