// The pack "hearth": what the daemon says of itself to the clients it serves.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pack/pack.hpp"

namespace hearth::daemon {

struct SelfReport {
  std::string_view state;
  std::chrono::seconds uptime{};
  std::size_t sessions = 0;
  std::vector<const pack::Pack*> packs;
};

// The tool `hearth_status`, and the resources hearth://status and hearth://guide. `report` and
// `guide` are called on the loop thread.
[[nodiscard]] std::unique_ptr<pack::Pack> make_self_pack(std::function<SelfReport()> report,
                                                         std::function<std::string()> guide);

}  // namespace hearth::daemon
