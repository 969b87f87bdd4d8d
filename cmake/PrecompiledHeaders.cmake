# Much of a build is reading the same headers of others again. With HEARTH_PCH they are read once for all libraries and
# once for all tests ("all"), or for the tests only ("tests"). A source that forgets an #include may compile all the
# same: the presets asan and release read the headers of libraries without it and find that.
set(HEARTH_PCH OFF CACHE STRING "Read the headers of others once a build: OFF, tests or all")
set_property(CACHE HEARTH_PCH PROPERTY STRINGS OFF tests all)

set(headers_of_others <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <cstdint> <expected> <filesystem>
  <functional> <future> <map> <memory> <mutex> <optional> <random> <set> <stop_token> <string> <string_view> <thread>
  <unordered_map> <utility> <variant> <vector>
  <boost/describe.hpp> <boost/json/array.hpp> <boost/json/object.hpp> <boost/json/value.hpp>)

# hearth_precompile(TARGET libraries|tests): TARGET reads its headers from that set, where there is one.
function(hearth_precompile target set)
  if(TARGET hearth_pch_${set})
    target_precompile_headers(${target} REUSE_FROM hearth_pch_${set})
  endif()
endfunction()

if(HEARTH_PCH STREQUAL "all")
  file(WRITE "${PROJECT_BINARY_DIR}/pch/library.cpp" "")
  add_library(hearth_pch_libraries STATIC "${PROJECT_BINARY_DIR}/pch/library.cpp")
  target_precompile_headers(hearth_pch_libraries PRIVATE ${headers_of_others})
endif()
if(HEARTH_PCH)
  file(WRITE "${PROJECT_BINARY_DIR}/pch/program.cpp" "int main() {}\n")
  find_package(GTest REQUIRED)
  add_executable(hearth_pch_tests "${PROJECT_BINARY_DIR}/pch/program.cpp")
  target_compile_options(hearth_pch_tests PRIVATE -O0)
  target_precompile_headers(hearth_pch_tests PRIVATE ${headers_of_others} <gmock/gmock.h> <gtest/gtest.h>)
  target_link_libraries(hearth_pch_tests PRIVATE GTest::gtest GTest::gmock)
  # ccache takes such compilations only when told that dates in them do not matter.
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
  if(HEARTH_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros "${HEARTH_CCACHE}")
  endif()
endif()
