#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run_file.sh FILE: one file of end-to-end tests under Debian's Python (another may come first in PATH). A file in which
# pytest finds nothing to run (exit code 5) counts as skipped; -rs says why single tests were.
set -u
/usr/bin/python3 -m pytest -q -rs -p no:cacheprovider "$1"
status=$?
if [ "$status" -eq 5 ]; then
    exit 77
fi
exit "$status"
