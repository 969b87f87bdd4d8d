# The four kinds of targets in this tree. Each folder of src/ is one library that names what it may see;
# tools/check_layers.py holds the includes against docs/architecture.md.

# hearth_library(NAME SOURCES a.cpp … LINKS hearth_base … [PRIVATE lib …])
# Makes the static library hearth_NAME with the include root src/. Installed, with its headers, as hearth::NAME.
function(hearth_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE" ${ARGN})
  set(target hearth_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(hearth::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:include/hearth>)
  target_link_libraries(${target} PUBLIC ${ARG_LINKS} PRIVATE hearth_warnings ${ARG_PRIVATE})
  hearth_precompile(${target} libraries)
  set_property(GLOBAL APPEND PROPERTY HEARTH_LIBRARIES ${target})
endfunction()

# hearth_test(NAME SOURCES a_test.cpp … LINKS … [LABELS core …] [BINARIES hearthd …])
# One GoogleTest executable, registered as one ctest entry. Tests under the labels "core" and "packs" run again under
# the sanitizers; those under "serial" (they measure time, or load the machine) run while no other does. BINARIES are
# programs that the test starts.
function(hearth_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINKS;LABELS;BINARIES" ${ARGN})
  set(target ${name}_test)
  add_executable(${target} ${ARG_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${target} PRIVATE ${ARG_LINKS} GTest::gtest GTest::gmock GTest::gtest_main hearth_warnings)
  target_compile_definitions(${target} PRIVATE
    HEARTH_SOURCE_DIR="${PROJECT_SOURCE_DIR}" HEARTH_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  target_compile_options(${target} PRIVATE -O0)
  hearth_precompile(${target} tests)
  if(ARG_BINARIES)
    add_dependencies(${target} ${ARG_BINARIES})
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${target} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
  if("serial" IN_LIST ARG_LABELS)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
  foreach(label IN LISTS ARG_LABELS)
    set_property(GLOBAL APPEND PROPERTY HEARTH_TESTS_${label} ${target})
  endforeach()
endfunction()

# hearth_bench(NAME SOURCES … LINKS …): a program under bench/, built by the release preset.
function(hearth_bench name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} hearth_warnings)
endfunction()

# hearth_fuzzer(NAME SOURCES … LINKS …): a libFuzzer target with its corpus in fuzz/corpus/NAME.
function(hearth_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name}_fuzz ${ARG_SOURCES})
  target_include_directories(${name}_fuzz PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name}_fuzz PRIVATE ${ARG_LINKS} hearth_warnings)
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
endfunction()
