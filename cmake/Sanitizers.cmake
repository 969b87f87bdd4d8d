# HEARTH_SANITIZE applies to everything in the tree, since a half-instrumented program reports half the truth.
set(HEARTH_SANITIZE "" CACHE STRING "Comma-separated sanitizers: fuzzer-no-link,address,undefined or address,undefined or thread")

if(HEARTH_SANITIZE)
  if(HEARTH_SANITIZE MATCHES "thread" AND HEARTH_SANITIZE MATCHES "address")
    message(FATAL_ERROR "ThreadSanitizer and AddressSanitizer cannot share a process; choose one preset.")
  endif()
  add_compile_options(-fsanitize=${HEARTH_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HEARTH_SANITIZE})
endif()
