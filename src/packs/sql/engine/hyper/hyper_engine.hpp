// The engine `hyper`: .hyper files, opened by the one hyperd that hearth runs.
//
// Persistent databases lie in the pack's directory of their namespace; scratch ones beside them,
// kept while their session may come back; attached ones wherever the session may read files. What
// hyperd cannot do, and how its commits get to the disk: docs/adr/0016.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "packs/sql/engine/engine.hpp"

namespace hearth::packs::sql::hyper {

struct HyperSettings {
  std::string program;   // hyperd's path; empty: HYPERD_PATH of the environment
  std::string runtime;   // a directory for its socket and its log
  std::string memory;    // its limit: "2g", "50%"; empty: its own, 80 % of the machine's
  unsigned threads = 0;  // for queries; 0: as many as it likes
  std::chrono::milliseconds idle{std::chrono::minutes(10)};  // 0: never stopped
  // The pack's directory in a namespace. Any thread.
  std::function<Result<std::filesystem::path>(std::string_view name_space)> data;
};

[[nodiscard]] std::unique_ptr<Engine> make_hyper_engine(HyperSettings settings);

}  // namespace hearth::packs::sql::hyper
