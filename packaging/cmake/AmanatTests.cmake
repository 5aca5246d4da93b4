# amanat_add_unit_test(policy.base.arena USES …): tests/unit/policy/base/test_arena.c, a cmocka program
# `test_policy_base_arena`, run by ctest as `unit.policy.base.arena`.
pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)

function(amanat_add_unit_test name)
    cmake_parse_arguments(PARSE_ARGV 1 unit "" "" "USES")
    string(REPLACE "." "/" path "${name}")
    cmake_path(GET path PARENT_PATH folder)
    cmake_path(GET path FILENAME file)
    string(REPLACE "." "_" target "test_${name}")
    amanat_add_program(${target} SOURCES ${PROJECT_SOURCE_DIR}/tests/unit/${folder}/test_${file}.c
        USES ${unit_USES} PkgConfig::cmocka)
    target_compile_definitions(${target} PRIVATE
        AMANAT_SOURCE_DIR="${PROJECT_SOURCE_DIR}" AMANAT_BINARY_DIR="${PROJECT_BINARY_DIR}")
    add_test(NAME unit.${name} COMMAND ${target})
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 3600)
endfunction()

# amanat_add_fuzz_target(cedar_policy USES …): tests/fuzz/fuzz_cedar_policy.c. With AMANAT_FUZZ it is a libFuzzer
# program; else it replays tests/fuzz/corpus/cedar_policy/ in the ordinary run as `fuzz-corpus.cedar_policy`.
function(amanat_add_fuzz_target name)
    cmake_parse_arguments(PARSE_ARGV 1 fuzz "" "" "USES")
    set(target fuzz_${name})
    set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    if(AMANAT_FUZZ)
        amanat_add_program(${target} SOURCES ${PROJECT_SOURCE_DIR}/tests/fuzz/${target}.c USES ${fuzz_USES})
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
        # libFuzzer writes what it finds into its first folder: one of the build tree, never the checkout.
        file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz/${name})
        add_test(NAME fuzz.${name} COMMAND ${target} -max_total_time=20 -rss_limit_mb=4096
            ${PROJECT_BINARY_DIR}/fuzz/${name} ${corpus})
        set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 3600)
    else()
        amanat_add_program(${target} SOURCES ${PROJECT_SOURCE_DIR}/tests/fuzz/${target}.c
            ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.c USES ${fuzz_USES})
        add_test(NAME fuzz-corpus.${name} COMMAND ${target} ${corpus})
        set_tests_properties(fuzz-corpus.${name} PROPERTIES LABELS fuzz-corpus TIMEOUT 3600)
    endif()
endfunction()
