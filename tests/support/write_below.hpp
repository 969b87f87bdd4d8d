// Makes `name` below `directory` with `text`, and the directories on the way.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace hearth::test {

inline std::string write_below(const std::string& directory,
                               const std::string& name,
                               std::string_view text) {
  const std::filesystem::path file = std::filesystem::path(directory) / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  return file.string();
}

}  // namespace hearth::test
