#include "packs/issues/engine/git/ancestry.hpp"

#include <unordered_map>
#include <utility>

namespace hearth::packs::issues {
namespace {

class Walk {
 public:
  Walk(const CommitId& ancestor, const CommitId& of, const ParentsOf& parents_of)
      : ancestor_(ancestor), parents_of_(parents_of) {
    reach(of, from_later);
    reach(ancestor, from_earlier);
  }

  Result<bool> run() {
    while (!is_found() && !later_.empty()) {
      for (auto [frontier, side] : {std::pair(&later_, from_later), {&earlier_, from_earlier}}) {
        if (auto gone = step(*frontier, side); !gone) return std::unexpected(gone.error());
      }
    }
    return is_found();
  }

 private:
  enum Side : unsigned { from_later = 1, from_earlier = 2, from_both = 3 };
  struct Seen {
    unsigned sides = 0;
    std::vector<CommitId> parents;  // once they were read
  };

  [[nodiscard]] bool is_found() const { return (seen_.at(ancestor_).sides & from_later) != 0; }

  // What both have reached, and all before it that was seen, need not be looked at any more.
  void reach(const CommitId& id, unsigned side) {
    std::vector<CommitId> waiting{id};
    while (!waiting.empty()) {
      const CommitId at = waiting.back();
      waiting.pop_back();
      Seen& seen = seen_[at];
      const bool is_new = seen.sides == 0;
      if ((seen.sides | side) == seen.sides) continue;
      seen.sides |= side;
      if (is_new) (side == from_later ? later_ : earlier_).push_back(at);
      if (seen.sides == from_both) {
        side = from_both;
        waiting.insert(waiting.end(), seen.parents.begin(), seen.parents.end());
      }
    }
  }

  Result<void> step(std::vector<CommitId>& frontier, Side side) {
    for (const CommitId& id : std::exchange(frontier, {})) {
      if (seen_[id].sides == from_both) continue;
      auto parents = parents_of_(id);
      if (!parents) return std::unexpected(std::move(parents.error()));
      for (const CommitId& parent : *parents) reach(parent, side);
      seen_[id].parents = std::move(*parents);
    }
    return {};
  }

  const CommitId ancestor_;
  const ParentsOf& parents_of_;
  std::unordered_map<CommitId, Seen> seen_;
  std::vector<CommitId> later_;
  std::vector<CommitId> earlier_;
};

}  // namespace

Result<bool> is_ancestor(const CommitId& ancestor,
                         const CommitId& of,
                         const ParentsOf& parents_of) {
  if (ancestor == of) return true;
  return Walk(ancestor, of, parents_of).run();
}

}  // namespace hearth::packs::issues
