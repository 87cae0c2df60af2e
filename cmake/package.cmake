# Install and export, so that find_package(tandem) gives tandem::tandem and, where it was built, tandem::http.
include(CMakePackageConfigHelpers)
set(TANDEM_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/tandem)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(EXPORT tandem_targets FILE tandem_targets.cmake NAMESPACE tandem:: DESTINATION ${TANDEM_PACKAGE_DIR})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/tandem-config.cmake.in ${PROJECT_BINARY_DIR}/tandem-config.cmake
    INSTALL_DESTINATION ${TANDEM_PACKAGE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tandem-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/tandem-config.cmake
    ${PROJECT_BINARY_DIR}/tandem-config-version.cmake
    ${PROJECT_SOURCE_DIR}/cmake/tandem_dependencies.cmake
    ${PROJECT_SOURCE_DIR}/cmake/tandem_add_worker.cmake
    ${PROJECT_SOURCE_DIR}/cmake/worker_main.cpp
    DESTINATION ${TANDEM_PACKAGE_DIR})
