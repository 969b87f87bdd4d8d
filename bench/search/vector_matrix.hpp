// Rows of numbers in files: two 32-bit counts, rows and columns, and the rows, one after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "search/vector_engine.hpp"
#include "support.hpp"

namespace hearth::bench {

template <typename T>
void save(const std::string& path,
          std::size_t rows,
          std::size_t columns,
          const std::vector<T>& values) {
  std::ofstream out(path, std::ios::binary);
  const std::uint32_t header[2] = {static_cast<std::uint32_t>(rows),
                                   static_cast<std::uint32_t>(columns)};
  out.write(reinterpret_cast<const char*>(header), sizeof header);
  out.write(reinterpret_cast<const char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(T)));
  if (!out) die("cannot write " + path);
}

template <typename T>
std::vector<T> load(const std::string& path, std::size_t& rows, std::size_t& columns) {
  std::ifstream in(path, std::ios::binary);
  std::uint32_t header[2]{};
  in.read(reinterpret_cast<char*>(header), sizeof header);
  rows = header[0];
  columns = header[1];
  std::vector<T> values(rows * columns);
  in.read(reinterpret_cast<char*>(values.data()),
          static_cast<std::streamsize>(values.size() * sizeof(T)));
  if (!in) die("cannot read " + path);
  return values;
}

inline Matrix load_matrix(const std::string& path) {
  Matrix matrix;
  matrix.values = load<float>(path, matrix.rows, matrix.dimensions);
  return matrix;
}

}  // namespace hearth::bench
