# One interface target, linked by hearth's own targets only: no library of others is judged by our warnings.
option(HEARTH_WERROR "Treat warnings as errors (CI does)" OFF)

add_library(hearth_warnings INTERFACE)
target_compile_options(hearth_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi
  -Wmissing-declarations -Wsuggest-override
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  -Wno-missing-designated-field-initializers # naming some members and leaving the others is the point of the form
  $<$<BOOL:${HEARTH_WERROR}>:-Werror>)
install(TARGETS hearth_warnings EXPORT hearthTargets)
