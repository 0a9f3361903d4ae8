#!/bin/bash
# Everything that must hold: format, lints, unit tests, and every test program linked, run and compared.
#
# Installs what is missing on Debian 12 (as root or with sudo). Everything that is built stays in target/;
# what a test wrote goes when it has passed.
#
# usage: ./test.sh [--quick]      --quick leaves the real programs (ripgrep, LLVM, gild itself) out
set -euo pipefail
cd "$(dirname "$0")"

scripts/install.sh curl ca-certificates git make gcc g++ gcc-multilib libc6-dev binutils musl-tools \
  clang-19 lld-19 mold llvm-19-dev zlib1g-dev libzstd-dev \
  libgoogle-perftools-dev libclang-rt-19-dev
source scripts/rust.sh
# Each crate is built once here: what cargo keeps for the next build would only take disk space.
export CARGO_INCREMENTAL=0
scripts/musl-cxx.sh "${CARGO_TARGET_DIR:-target}/gild-tests-cache/musl-cxx" ||
  echo "SKIPPED: C++ for musl beside the allocators; the network doesn't give ziglang" >&2

step() {
  echo "== $*"
  "$@"
}

step cargo fmt --all --check
step cargo clippy --workspace --all-targets --quiet -- -D warnings
step cargo test --workspace --exclude integration-tests

# Each suite runs whatever the one before it said: one run tells of all that is wrong.
suites=(--lib --test programs --test errors --test options --test outputs --test determinism --test drivers --test malformed
  --test allocators)
[ "${1:-}" = --quick ] || suites+=(--test real_programs)
# wild is no package of Debian's; whoever has it names it too.
export GILD_TEST_PEERS="${GILD_TEST_PEERS:-ld,lld,mold}"
step cargo test -p integration-tests --no-fail-fast "${suites[@]}"
