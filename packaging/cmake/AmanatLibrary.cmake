# libamanat-policy: the layers behind amanat/policy.h and amanat/redact.h as one library, shared and static. Only what the public headers
# declare is visible in it (AMANAT_PUBLIC). `cmake --install build/release --component development` installs it.
include(GNUInstallDirs)

set(policy_objects $<TARGET_OBJECTS:amanat_policy_base> $<TARGET_OBJECTS:amanat_policy_cedar>
    $<TARGET_OBJECTS:amanat_policy_catalogue> $<TARGET_OBJECTS:amanat_policy_redact>)
add_library(amanat_policy_shared SHARED ${policy_objects})
add_library(amanat_policy_static STATIC ${policy_objects})
foreach(library amanat_policy_shared amanat_policy_static)
    set_target_properties(${library} PROPERTIES OUTPUT_NAME amanat-policy LINKER_LANGUAGE C)
    target_link_libraries(${library} PRIVATE amanat_hardening amanat_sanitizers PkgConfig::yaml OpenSSL::Crypto
        PkgConfig::pcre2 PkgConfig::utf8proc m)
endforeach()
set_target_properties(amanat_policy_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})

configure_file(${PROJECT_SOURCE_DIR}/packaging/amanat-policy.pc.in ${PROJECT_BINARY_DIR}/amanat-policy.pc @ONLY)
install(TARGETS amanat_policy_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(TARGETS amanat_policy_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(FILES ${PROJECT_SOURCE_DIR}/include/amanat/result.h ${PROJECT_SOURCE_DIR}/include/amanat/diagnostics.h
    ${PROJECT_SOURCE_DIR}/include/amanat/text.h ${PROJECT_SOURCE_DIR}/include/amanat/policy.h
    ${PROJECT_SOURCE_DIR}/include/amanat/redact.h
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/amanat COMPONENT development)
install(FILES ${PROJECT_BINARY_DIR}/amanat-policy.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
