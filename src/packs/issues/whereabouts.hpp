// Where clients work whose directory is in no repository, as their roots have told.
#pragma once

#include <map>
#include <string>

#include "base/guarded.hpp"
#include "pack/caller.hpp"

namespace hearth::packs::issues {

// Members are for any thread; none blocks for long.
class Whereabouts final {
 public:
  // Its session works there from now on.
  void told(const pack::Caller& caller, const std::string& directory) {
    if (!caller.session.empty()) (*directories_.lock())[caller.session] = directory;
  }
  void left(const std::string& session) { directories_.lock()->erase(session); }
  // What was told, else the working directory.
  [[nodiscard]] std::string of(const pack::Caller& caller) const {
    const auto directories = directories_.lock();
    const auto found = directories->find(caller.session);
    return found == directories->end() ? caller.cwd : found->second;
  }

 private:
  mutable Guarded<std::map<std::string, std::string>> directories_;  // by session
};

}  // namespace hearth::packs::issues
