# Flags as three INTERFACE libraries, linked PRIVATE: nothing leaks to users, nothing edits CMAKE_C_FLAGS.
# Assertions stay on in release builds: NDEBUG is never passed.
string(REPLACE "-DNDEBUG" "" stripped_release_flags "${CMAKE_C_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" stripped_relwithdebinfo_flags "${CMAKE_C_FLAGS_RELWITHDEBINFO}")
set(CMAKE_C_FLAGS_RELEASE "${stripped_release_flags}")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "${stripped_relwithdebinfo_flags}")

add_library(amanat_warnings INTERFACE)
target_compile_options(amanat_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual
    -Wwrite-strings -Wvla -Wconversion -Wimplicit-fallthrough -Wformat=2 -Wundef
    $<$<BOOL:${AMANAT_WERROR}>:-Werror>)

add_library(amanat_hardening INTERFACE)
target_compile_options(amanat_hardening INTERFACE
    -fstack-protector-strong -fstack-clash-protection -fcf-protection
    $<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
target_link_options(amanat_hardening INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)

add_library(amanat_sanitizers INTERFACE)
if(AMANAT_SANITIZE)
    set(sanitize_flags -fsanitize=${AMANAT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_compile_options(amanat_sanitizers INTERFACE ${sanitize_flags})
    target_link_options(amanat_sanitizers INTERFACE ${sanitize_flags})
    if(AMANAT_SANITIZE MATCHES "address")
        # The arena gives each allocation its own heap block, so that overruns are seen.
        target_compile_definitions(amanat_sanitizers INTERFACE AMANAT_ARENA_SEPARATE_BLOCKS=1)
    endif()
endif()
if(AMANAT_FUZZ)
    target_compile_options(amanat_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()
