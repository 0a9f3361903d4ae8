#!/bin/bash
# Builds gild and lets it link hello world: in C on musl and on glibc, and in Rust.
#
# Installs what is missing on Debian 12 (as root or with sudo). Everything that is built stays in target/.
set -euo pipefail
cd "$(dirname "$0")"

scripts/install.sh gcc libc6-dev binutils musl-tools
source scripts/rust.sh

echo "== building gild"
cargo build --release --quiet -p gild-linker --target-dir target
work=$PWD/target/demo
rm -rf "$work" && mkdir -p "$work/bin"
# gcc looks for a linker called ld in the folders that -B names.
ln -s "$PWD/target/release/gild" "$work/bin/ld"

cat > "$work/hello.c" <<'C'
#include <stdio.h>

int main(void) {
    puts("hello from C");
    return 0;
}
C
echo 'fn main() { println!("hello from Rust"); }' > "$work/hello.rs"

# Runs a link, then its result; says who linked it.
show() {
  local name=$1
  shift
  echo "== $name"
  "$@" -o "$work/$name"
  "$work/$name"
  printf '   %s bytes, %s\n' "$(stat -c %s "$work/$name")" \
    "$(readelf -p .comment "$work/$name" | grep -o 'Linker: gild.*')"
}

show c-musl musl-gcc -B "$work/bin" -static "$work/hello.c"
show c-glibc gcc -B "$work/bin" -static "$work/hello.c"
show c-glibc-pie gcc -B "$work/bin" -static-pie -fPIE "$work/hello.c"
# Without the last flag, rustc 1.90 and later prefer the lld that they ship.
show rust rustc -Copt-level=2 -Ctarget-feature=+crt-static -Clinker=gcc -Clink-arg="-B$work/bin" \
  -Clinker-features=-lld "$work/hello.rs"
