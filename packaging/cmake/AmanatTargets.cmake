# amanat_add_layer(NAME SOURCES … HEADERS … USES … PRIVATE_USES …)
#
# One call per folder, so that the CMake files read like the layer table: a static library `amanat_NAME` of
# explicit sources, its headers as a file set (each is compiled alone by all_verify_interface_header_sets).
# USES: amanat layers and libraries that the headers need; PRIVATE_USES: libraries only the sources need.
function(amanat_add_layer name)
    cmake_parse_arguments(PARSE_ARGV 1 layer "" "" "SOURCES;HEADERS;USES;PRIVATE_USES")
    set(target amanat_${name})
    if(layer_SOURCES)
        add_library(${target} STATIC ${layer_SOURCES})
        amanat_set_properties(${target})
        target_link_libraries(${target} PUBLIC ${layer_USES} PRIVATE ${layer_PRIVATE_USES})
        set(scope PUBLIC)
    else()
        add_library(${target} INTERFACE)
        target_link_libraries(${target} INTERFACE ${layer_USES})
        set(scope INTERFACE)
    endif()
    target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
    target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${layer_HEADERS})
endfunction()

# What every target of ours is compiled with, programs of tests too.
function(amanat_set_properties target)
    set_target_properties(${target} PROPERTIES C_STANDARD 17 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
        C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
    target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE)
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(${target} PRIVATE amanat_warnings amanat_hardening amanat_sanitizers)
endfunction()

# amanat_add_program(NAME SOURCES … USES …): a program in build/<preset>/bin.
function(amanat_add_program name)
    cmake_parse_arguments(PARSE_ARGV 1 program "" "" "SOURCES;USES")
    add_executable(${name} ${program_SOURCES})
    amanat_set_properties(${name})
    target_link_libraries(${name} PRIVATE ${program_USES})
endfunction()
