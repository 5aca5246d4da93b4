#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run_on_archive.sh ARCHIVE FOLDER SUBFOLDER PROGRAM…: unpacks ARCHIVE afresh into FOLDER (of the build tree) and runs
# PROGRAM… with FOLDER/SUBFOLDER as its last argument. Ends with 77 (ctest: skipped) where the archive is missing.
set -eu
archive=$1 folder=$2 subfolder=$3
shift 3
if [ ! -f "$archive" ]; then
    echo "skipped: the corpus $archive is not here" >&2
    exit 77
fi
rm -rf "$folder"
mkdir -p "$folder"
tar -xf "$archive" -C "$folder"
exec "$@" "$folder/$subfolder"
