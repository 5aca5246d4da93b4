# What a builder may choose. Presets (CMakePresets.json) set these; packagers set their own.
include(FeatureSummary)

option(AMANAT_TESTS "build the tests" ON)
option(AMANAT_WERROR "treat warnings as errors" OFF)
option(AMANAT_FUZZ "link fuzz targets with libFuzzer (clang)" OFF)
set(AMANAT_SANITIZE "" CACHE STRING "sanitizers, separated by commas: address,undefined or thread")

add_feature_info(tests AMANAT_TESTS "unit, conformance and system tests")
add_feature_info(warnings-are-errors AMANAT_WERROR "the presets turn this on")
add_feature_info(libfuzzer AMANAT_FUZZ "otherwise fuzz targets replay their corpus")
