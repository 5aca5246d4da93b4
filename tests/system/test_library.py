# SPDX-License-Identifier: Apache-2.0
"""libamanat-policy as a stranger uses it: installed into an empty folder, found by pkg-config, linked shared and static."""

import os
import pathlib
import subprocess

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "library"
SAYS = {"authorize": "allowed by own-city\n", "redact": '[{"plate":"LEA-1234","owner":"H***"}]'}
SANITIZE = ["-fsanitize=address,undefined"] if os.environ.get("AMANAT_PRESET") == "asan" else []


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, **options).stdout


@pytest.fixture(scope="module", name="prefix")
def installed_library(programs, tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", programs.parent, "--prefix", prefix, "--component", "development")
    return prefix


def flags(prefix, *options):
    found = next(prefix.rglob("amanat-policy.pc")).parent
    text = run("pkg-config", "--define-variable", f"prefix={prefix}", *options, "amanat-policy",
               env=os.environ | {"PKG_CONFIG_PATH": str(found)})
    return text.split()


def library_folder(prefix):
    return next(prefix.rglob("libamanat-policy.so")).parent


@pytest.mark.parametrize("example", SAYS)
def test_an_example_builds_with_pkg_config_and_does_what_it_says(prefix, tmp_path, example):
    program = tmp_path / example
    run("gcc", "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *SANITIZE, "-o", program, EXAMPLES / f"{example}.c",
        *flags(prefix, "--cflags", "--libs"))
    assert run(program, env=os.environ | {"LD_LIBRARY_PATH": str(library_folder(prefix))}) == SAYS[example]


@pytest.mark.parametrize("example", SAYS)
def test_an_example_links_with_the_static_library(prefix, tmp_path, example):
    program = tmp_path / example
    others = [flag for flag in flags(prefix, "--libs", "--static") if not flag.endswith("amanat-policy")]
    run("gcc", "-std=c17", *SANITIZE, "-o", program, EXAMPLES / f"{example}.c", *flags(prefix, "--cflags"),
        library_folder(prefix) / "libamanat-policy.a", *others)
    assert run(program) == SAYS[example]


def test_only_public_names_are_visible(prefix):
    lines = run("nm", "--dynamic", "--defined-only", library_folder(prefix) / "libamanat-policy.so").splitlines()
    names = {line.split()[-1] for line in lines}
    assert "amanat_authorize" in names
    assert {name for name in names if not name.startswith("amanat_")} == set()


@pytest.mark.parametrize("compiler", [("gcc", "-std=c11", "-xc"), ("g++", "-std=c++17", "-xc++")])
@pytest.mark.parametrize("header", ["policy.h", "redact.h", "text.h", "diagnostics.h", "result.h"])
def test_the_headers_compile_alone_in_c_and_cplusplus(prefix, tmp_path, compiler, header):
    source = tmp_path / "alone"
    source.write_text(f"#include <amanat/{header}>\n")
    run(*compiler, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *flags(prefix, "--cflags"), source)
