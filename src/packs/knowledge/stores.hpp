// The open stores of the pack, one a namespace.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.hpp"
#include "base/result.hpp"
#include "packs/knowledge/engine/knowledge_store.hpp"

namespace hearth::packs::knowledge {

// Members are for any thread.
class Stores final {
 public:
  // Opens the store of a namespace; blocks, on the thread that asks first.
  using Open = std::function<Result<std::unique_ptr<KnowledgeStore>>(const std::string&)>;
  // Stores are shared with the calls that use them, which may outlast close().
  using Shared = std::shared_ptr<KnowledgeStore>;

  explicit Stores(Open open) : open_(std::move(open)) {}

  // The store if it is open; never blocks for long.
  [[nodiscard]] Shared find(const std::string& name_space);
  // Opens it if need be, and waits while another thread does. A failure is forgotten: the next call
  // tries again. `draining` after close().
  [[nodiscard]] Result<Shared> get(const std::string& name_space);
  // Finishes the writes of all and refuses more.
  void close();

  struct Named {
    std::string name_space;
    Shared store;
  };
  [[nodiscard]] std::vector<Named> all();

 private:
  struct Slot {
    Shared store;
    bool is_opening = false;
  };
  struct State {
    std::map<std::string, Slot, std::less<>> slots;
    bool is_closed = false;
  };

  [[nodiscard]] Result<Shared> open(const std::string& name_space) const;

  const Open open_;
  Guarded<State> state_;
};

}  // namespace hearth::packs::knowledge
