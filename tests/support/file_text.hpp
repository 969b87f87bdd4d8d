// All that a file holds; "" where there is none.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

namespace hearth::test {

inline std::string file_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace hearth::test
