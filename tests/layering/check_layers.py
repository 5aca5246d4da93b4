#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the `#include`s of include/, policy/ and gateway/ against layers.txt (design 5).

usage: check_layers.py ROOT

A folder includes only its own headers and headers of folders on lower layers; of other folders only the front door
(`policy/cedar/cedar.h`), except where layers.txt marks the folder with `*`. Includes are by path from the root.
Prints every fault as `file:line: …`; exit code 1 if there is one. Code of tests and examples is exempt.
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
ROOTS = ("include", "policy", "gateway")


def read_layers(text):
    """Folder → (layer, whether its headers may be included one by one)."""
    layers = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            number, *folders = line.split()
            for folder in folders:
                layers[folder.rstrip("*")] = (int(number), folder.endswith("*"))
    return layers


def split_include(name):
    """The folder and the file that an include names, or None for what is not ours."""
    parts = name.split("/")
    if parts[0] == "amanat" and len(parts) == 2:
        return "include/amanat", parts[1]
    if parts[0] in ROOTS and len(parts) >= 3:
        return "/".join(parts[:-1]), parts[-1]
    return None


def fault_of(layers, folder, mark, name):
    """What is wrong with an include in a file of `folder`, or None."""
    target = split_include(name)
    if target is None:
        return None if mark == "<" else f'"{name}" is no path from the root'
    target_folder, target_file = target
    if target_folder == folder:
        return None
    if target_folder not in layers:
        return f"{target_folder} stands in no layer"
    layer, single = layers[target_folder]
    if layer >= layers[folder][0]:
        return f"{folder} (layer {layers[folder][0]}) may not include {target_folder} (layer {layer})"
    front_door = target_folder.rsplit("/", 1)[1] + ".h"
    if not single and target_file != front_door:
        return f"of {target_folder} only the front door {front_door} may be included, not {target_file}"
    return None


def check_file(layers, root, path):
    folder = path.parent.relative_to(root).as_posix()
    if folder not in layers:
        yield f"{path.relative_to(root)}:1: {folder} stands in no layer"
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = INCLUDE.match(line)
        fault = found and fault_of(layers, folder, found[1], found[2])
        if fault:
            yield f"{path.relative_to(root)}:{number}: {fault}"


def check(root, layers):
    """All faults below `root`, and the number of files looked at."""
    faults, files = [], 0
    for top in ROOTS:
        for path in sorted((root / top).rglob("*.[ch]")):
            files += 1
            faults += check_file(layers, root, path)
    return faults, files


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    layers = read_layers((pathlib.Path(__file__).parent / "layers.txt").read_text(encoding="utf-8"))
    faults, files = check(root, layers)
    for fault in faults:
        print(fault)
    print(f"{files} files, {len(faults)} faults")
    return 1 if faults or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
