// Who may change which directory's files now: one owner at a time, for it and all below it.
#pragma once

#include <list>
#include <string>

#include "base/guarded.hpp"

namespace hearth::packs::mandates::workspace {

// Thread-safe; outlives its holds.
class Holds final {
 public:
  class Hold {
   public:
    Hold() = default;  // holds nothing
    Hold(Hold&& other) noexcept;
    Hold& operator=(Hold&& other) noexcept;
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold();

   private:
    friend class Holds;
    Hold(Holds& owner, std::list<std::string>::iterator place) : owner_(&owner), place_(place) {}
    Holds* owner_ = nullptr;
    std::list<std::string>::iterator place_;
  };

  // Waits while somebody holds this directory, one around it or one below it. `directory` is
  // absolute and real.
  [[nodiscard]] Hold take(std::string directory);
  // Whether take() would not have to wait now.
  [[nodiscard]] bool is_free(const std::string& directory);

 private:
  Guarded<std::list<std::string>> held_;
};

}  // namespace hearth::packs::mandates::workspace
