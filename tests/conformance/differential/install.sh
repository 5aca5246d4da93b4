# SPDX-License-Identifier: Apache-2.0
# Sourced by the programs that ask the official engine: installs it with npm into $install, below $root/build, exactly as
# package-lock.json says. Ends the program with exit code 77 where node, npm or npm's registry is not there.
packages=$root/tests/conformance/differential
install=$root/build/npm/cedar

# What is installed is kept until the lock file changes.
install_packages() {
    mkdir -p "$install"
    cp "$packages/package.json" "$packages/package-lock.json" "$packages/.npmrc" "$install/"
    (cd "$install" && npm ci) && cp "$install/package-lock.json" "$install/installed"
}

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "skipped: node and npm are not installed" >&2
    exit 77
fi
mkdir -p "$root/build/npm"
exec 9>"$root/build/npm/lock"
flock 9
if ! cmp -s "$packages/package-lock.json" "$install/installed"; then
    if ! install_packages >"$root/build/npm/log" 2>&1; then
        cat "$root/build/npm/log" >&2
        if npm ping --fetch-retries=0 --fetch-timeout=10000 >/dev/null 2>&1; then
            exit 1
        fi
        echo "skipped: npm's registry cannot be reached" >&2
        exit 77
    fi
fi
flock -u 9
