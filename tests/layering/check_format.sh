#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check_format.sh ROOT: names every C file that clang-format 14 would change. Ends with 77 (ctest: skipped) without it.
set -eu
cd "$1"
formatter=$(command -v clang-format-14 || true)
if [ -z "$formatter" ]; then
    echo "skipped: clang-format-14 is not installed" >&2
    exit 77
fi
status=0
files=0
while IFS= read -r -d '' file; do
    files=$((files + 1))
    if ! "$formatter" --dry-run --Werror "$file" >/dev/null 2>&1; then
        echo "$file: differs from what clang-format-14 -i makes of it"
        status=1
    fi
done < <(find include policy gateway examples tests -name '*.[ch]' -print0 | sort -z)
echo "$files files"
exit $status
