#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check_format.sh ROOT: names every C file that clang-format 14 would change. Ends with 77 (ctest: skipped) without it.
set -u
cd "$1" || exit 1
if ! formatter=$(command -v clang-format-14); then
    echo "skipped: clang-format-14 is not installed" >&2
    exit 77
fi
mapfile -t -d '' files < <(find include policy gateway examples tests -name '*.[ch]' -print0 | sort -z)
if [ "${#files[@]}" -eq 0 ]; then
    echo "no C files below $1" >&2
    exit 1
fi
echo "${#files[@]} files"
# One run for all: starting it costs more than formatting a file.
output=$("$formatter" --dry-run --Werror "${files[@]}" 2>&1)
status=$?
if [ "$status" -ne 0 ]; then
    echo "clang-format-14 -i would change:"
    grep -o '^[^ :]*:[0-9]*:[0-9]*: error' <<<"$output" | cut -d: -f1 | sort -u
fi
exit "$status"
