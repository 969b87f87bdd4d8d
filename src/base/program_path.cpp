#include "base/program_path.hpp"

#include <unistd.h>

#include <array>

namespace hearth {

std::string program_path() {
  std::array<char, 4096> target{};
  const ssize_t size = ::readlink("/proc/self/exe", target.data(), target.size());
  return {target.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

}  // namespace hearth
