# Most of a build is reading the same headers again. With HEARTH_PCH they are read once for all libraries and once for
# all tests. With it on, a source that forgets an #include compiles all the same: tools/lint.py reads each source
# without it and finds that, and the preset for users (release) is built without it.
option(HEARTH_PCH "Read the standard library and GoogleTest once a build" OFF)

set(standard_headers <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <expected> <functional>
  <map> <memory> <mutex> <optional> <set> <stop_token> <string> <string_view> <thread> <unordered_map> <utility>
  <variant> <vector>)

# hearth_precompile(TARGET libraries|tests): TARGET reads its headers from that set.
function(hearth_precompile target set)
  if(HEARTH_PCH)
    target_precompile_headers(${target} REUSE_FROM hearth_pch_${set})
  endif()
endfunction()

if(HEARTH_PCH)
  file(WRITE "${PROJECT_BINARY_DIR}/pch/library.cpp" "")
  file(WRITE "${PROJECT_BINARY_DIR}/pch/program.cpp" "int main() {}\n")
  add_library(hearth_pch_libraries STATIC "${PROJECT_BINARY_DIR}/pch/library.cpp")
  target_precompile_headers(hearth_pch_libraries PRIVATE ${standard_headers})
  find_package(GTest REQUIRED)
  add_executable(hearth_pch_tests "${PROJECT_BINARY_DIR}/pch/program.cpp")
  target_compile_options(hearth_pch_tests PRIVATE -O0)
  target_precompile_headers(hearth_pch_tests PRIVATE ${standard_headers} <gmock/gmock.h> <gtest/gtest.h>)
  target_link_libraries(hearth_pch_tests PRIVATE GTest::gtest GTest::gmock)
  # ccache takes such compilations only when told that dates in them do not matter.
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
  if(HEARTH_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros "${HEARTH_CCACHE}")
  endif()
endif()
