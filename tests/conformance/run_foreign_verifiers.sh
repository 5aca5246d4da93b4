#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run_foreign_verifiers.sh python|go MAKE_TRAIL SOURCE_DIR FOLDER: makes a trail with our own writer in FOLDER and runs a
# verifier on it that shares no code with it; a changed entry must be noticed. 77 (skipped) where the tools are missing.
set -eu
kind=$1 make_trail=$2 source=$3 folder=$4
case $kind in
go)
    if ! command -v go > /dev/null || [ ! -d /usr/share/gocode/src/golang.org/x/mod/sumdb ]; then
        echo "skipped: golang-go and golang-golang-x-mod-dev are not here" >&2
        exit 77
    fi ;;
python)
    if ! /usr/bin/python3 -c 'import cryptography' 2> /dev/null; then
        echo "skipped: python3-cryptography is not here" >&2
        exit 77
    fi ;;
esac
rm -rf "$folder"
mkdir -p "$folder"
"$make_trail" "$folder/made" 3000
if [ "$kind" = go ]; then
    export GO111MODULE=off GOPATH="$folder/go:/usr/share/gocode" GOCACHE="$folder/go-cache" GOFLAGS=
    go build -o "$folder/verify_trail" "$source/tests/conformance/verify_trail.go"
    verify() { "$folder/verify_trail" "$folder/made/trail" "$folder/made/trail.vkey"; }
else
    export PYTHONDONTWRITEBYTECODE=1
    verify() {
        /usr/bin/python3 "$source/tests/system/verify_trail.py" "$folder/made/trail" \
            --vkey "$folder/made/trail.vkey" --witness "$folder/made/witness.vkey"
    }
fi
verify
[ "$kind" = go ] || verify | grep -q "witness.example/w1"
# The same with one letter of the third entry changed.
segment=$folder/made/trail/segments/000000000000.jsonl
chmod u+w "$segment"
sed -i '3s/"permit"/"refuse"/' "$segment"
if verify; then
    echo "a changed entry was not noticed" >&2
    exit 1
fi
