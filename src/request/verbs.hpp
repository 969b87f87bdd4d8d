// The verbs that a request may use: what the packs list, behind an interface that the daemon
// implements, so that no pack knows another.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pack/call.hpp"
#include "pack/pack.hpp"

namespace hearth::request {

struct Verb {
  std::string_view name;  // "knowledge_search"
  std::string_view pack;  // "knowledge"
  const pack::ToolSpec* spec = nullptr;
};

// Loop thread. Lives as long as the calls that it starts.
class Verbs {
 public:
  virtual ~Verbs() = default;
  [[nodiscard]] virtual std::optional<Verb> find(std::string_view name) const = 0;
  // In the order in which they are listed.
  [[nodiscard]] virtual std::vector<Verb> all() const = 0;
  // Runs a verb under its own time limit and rule for resends. The sink's finish() comes on the
  // loop thread, perhaps before this returns; its reports on any.
  virtual void start(const Verb& verb,
                     std::string_view arguments,
                     pack::Call::Context context,
                     std::unique_ptr<pack::CallSink> sink) = 0;
};

}  // namespace hearth::request
