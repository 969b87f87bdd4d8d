// Directories of a hyper engine under test, and where its hyperd is.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "packs/sql/engine/hyper/hyper_engine.hpp"
#include "support/scratch_directory.hpp"

namespace hearth::test {

// What scripts/setup --hyper has installed, or HYPERD_PATH; empty when neither is there.
[[nodiscard]] inline std::string hyperd_program() {
  const char* const path = std::getenv("HYPERD_PATH");
  if (path != nullptr) return path;
  const std::string installed = std::string(HEARTH_SOURCE_DIR) + "/build/hyper/hyperd";
  return std::filesystem::exists(installed) ? installed : "";
}

struct HyperHome {
  [[nodiscard]] packs::sql::hyper::HyperSettings settings() const {
    packs::sql::hyper::HyperSettings settings;
    settings.program = hyperd_program();
    settings.runtime = directory / "run";
    settings.memory = "2g";
    settings.data = [this](std::string_view name_space) -> Result<std::filesystem::path> {
      const std::filesystem::path path = directory / name_space;
      std::filesystem::create_directories(path);
      return path;
    };
    return settings;
  }
  [[nodiscard]] packs::sql::SessionRef session(std::string id = "s1") const {
    return {std::move(id), "default", {directory / "project"}};
  }

  ScratchDirectory directory{"hyper"};
};

}  // namespace hearth::test
