# What `make install` puts under the prefix: both programs, the libraries with their headers and a CMake package
# (find_package(hearth) gives hearth::daemon, hearth::pack …), the user units of systemd, and the docs.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS hearth hearthd hearth-sandbox RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# hearthd looks for it there, by its own place.
if(HEARTH_DUCKDB_LIBRARY)
  install(FILES "${HEARTH_DUCKDB_LIBRARY}" DESTINATION lib/hearth RENAME libduckdb.so)
endif()

# Libraries and what they pass on. The bundles of Dependencies.cmake go along; the packages behind them are found
# again by hearthConfig.cmake.
get_property(libraries GLOBAL PROPERTY HEARTH_LIBRARIES)
foreach(bundle IN ITEMS boost_json boost_url cairo_headers curl_headers date duckdb_headers git2_headers grammars gumbo
    libpq_headers seccomp sodium sqlite stemmer zlib zstd)
  if(TARGET hearth_${bundle})
    list(APPEND bundles hearth_${bundle})
  endif()
endforeach()
install(TARGETS ${libraries} ${bundles} EXPORT hearthTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/hearth)
foreach(library IN LISTS libraries)
  get_target_property(folder ${library} SOURCE_DIR)
  cmake_path(RELATIVE_PATH folder BASE_DIRECTORY "${PROJECT_SOURCE_DIR}/src" OUTPUT_VARIABLE below)
  install(DIRECTORY "${folder}/" DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hearth/${below}
    FILES_MATCHING PATTERN "*.hpp")
endforeach()

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/hearth)
install(EXPORT hearthTargets NAMESPACE hearth:: DESTINATION ${package_directory})
configure_package_config_file(cmake/hearthConfig.cmake.in "${PROJECT_BINARY_DIR}/hearthConfig.cmake"
  INSTALL_DESTINATION ${package_directory})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/hearthConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/hearthConfig.cmake" "${PROJECT_BINARY_DIR}/hearthConfigVersion.cmake"
  DESTINATION ${package_directory})

# User units name the program by its full path, which is known at installation (--prefix). share/systemd/user is on
# systemd's search path below /usr, /usr/local and ~/.local alike.
install(CODE "
  set(HEARTHD \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/hearthd\")
  configure_file(\"${PROJECT_SOURCE_DIR}/packaging/systemd/hearthd.service.in\"
    \"${PROJECT_BINARY_DIR}/hearthd.service\" @ONLY)")
install(FILES packaging/systemd/hearthd.socket "${PROJECT_BINARY_DIR}/hearthd.service"
  DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/systemd/user)

install(FILES README.md LICENSE CONTRIBUTING.md DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs FILES_MATCHING PATTERN "*.md")
