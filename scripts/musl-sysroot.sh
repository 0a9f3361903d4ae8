#!/bin/bash
# Makes a Rust toolchain folder for x86_64-unknown-linux-musl out of Debian's packages, for machines
# where rustup has no such target: FOLDER/bin/rustc finds a static, unwinding std of its own.
#
# usage: musl-sysroot.sh FOLDER
#
# Needs the packages rustc-web cargo-web rust-web-src musl-tools libunwind-19-dev gcc (installed here
# when missing, as root or with sudo). Takes about two minutes; a finished folder is left alone.
set -euo pipefail

folder=$(realpath -m "${1:?usage: musl-sysroot.sh FOLDER}")
target=x86_64-unknown-linux-musl
host=x86_64-unknown-linux-gnu
rustc=/usr/bin/rustc
cargo=/usr/bin/cargo
source=/usr/lib/rustlib/src/rust/library
musl=/usr/lib/x86_64-linux-musl
work=$folder/work
libs=$folder/lib/rustlib/$target/lib

"$(dirname "$0")/install.sh" rustc-web cargo-web rust-web-src musl-tools libunwind-19-dev gcc
[ -x "$folder/bin/rustc" ] && exit 0

build_std() {
  # cargo rewrites the lock file's timestamps and Debian's copy is read-only.
  rm -rf "$work" && mkdir -p "$work" && cp -rL --no-preserve=mode "$source" "$work/library"
  # Debian's rustc and cargo build their own std: with stable features off, marked as std's crates.
  env -u CARGO_TARGET_DIR -u RUSTC_WRAPPER -u RUSTUP_TOOLCHAIN \
    RUSTC="$rustc" RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zforce-unstable-if-unmarked" \
    __CARGO_DEFAULT_LIB_METADATA=stablestd \
    "$cargo" build --quiet --locked --profile dist --target "$target" \
    --manifest-path "$work/library/sysroot/Cargo.toml" \
    --features "panic-unwind backtrace" --target-dir "$work/target"
  mkdir -p "$libs/self-contained"
  cp "$work/target/$target/dist/deps/"*.rlib "$libs/"
}

add_start_files() {
  local gcc_dir
  gcc_dir=$(dirname "$(gcc -print-libgcc-file-name)")
  cp "$musl"/{crt1,rcrt1,Scrt1,crti,crtn}.o "$musl/libc.a" "$libs/self-contained/"
  cp "$gcc_dir"/{crtbegin,crtbeginS,crtend,crtendS}.o "$libs/self-contained/"
}

# gcc's libgcc_eh.a needs glibc's _dl_find_object, so the unwinder is LLVM's. Debian built that for
# glibc with _FORTIFY_SOURCE: one shim stands in for the one function that musl does not have.
add_unwinder() {
  local parts=$work/unwind
  mkdir -p "$parts"
  cat > "$parts/fortify.c" <<'C'
#include <stdarg.h>
#include <stdio.h>
int __fprintf_chk(FILE *file, int flag, const char *format, ...) {
    va_list arguments;
    (void)flag;
    va_start(arguments, format);
    int written = vfprintf(file, format, arguments);
    va_end(arguments);
    return written;
}
C
  musl-gcc -O2 -fPIC -c "$parts/fortify.c" -o "$parts/fortify.o"
  # lld would look for the libraries that .deplibs asks for (dl, pthread); in musl they are libc.a.
  objcopy --remove-section=.deplibs /usr/lib/llvm-19/lib/libunwind.a "$libs/self-contained/libunwind.a"
  ar qsD "$libs/self-contained/libunwind.a" "$parts/fortify.o"
}

# std's compiler_builtins lacks a few integer helpers (__popcountdi2 …) that C code may call. libgcc.a
# has them; members that define what compiler_builtins defines as well stay out.
add_integer_helpers() {
  local parts=$work/helpers members
  mkdir -p "$parts" && cd "$parts"
  nm --defined-only -g "$libs"/libcompiler_builtins-*.rlib 2>/dev/null |
    awk 'NF == 3 { print $3 }' | sort -u > have
  members=$(nm -A --defined-only -g "$(gcc -print-libgcc-file-name)" 2>/dev/null | awk '
    BEGIN { while ((getline name < "have") > 0) have[name] = 1 }
    { split($1, part, ":"); member = part[2]; all[member] = 1; if ($3 in have) twice[member] = 1 }
    END { for (m in all) if (!(m in twice) && m !~ /bid|_[dst]d|_to_|morestack|^(sse|avx)_|dfp|cpuinfo/) print m }')
  # shellcheck disable=SC2086 # one word a member
  ar x "$(gcc -print-libgcc-file-name)" $members
  ar qsD "$libs/self-contained/libunwind.a" ./*.o
  cd - > /dev/null
}

build_std
add_start_files
add_unwinder
add_integer_helpers
# The host's half, for procedural macros and build scripts, is Debian's own.
ln -sfn "/usr/lib/rustlib/$host" "$folder/lib/rustlib/$host"
mkdir -p "$folder/bin"
printf '#!/bin/sh\nexec %s --sysroot %s "$@"\n' "$rustc" "$folder" > "$folder/bin/rustc.new"
chmod +x "$folder/bin/rustc.new"
mv "$folder/bin/rustc.new" "$folder/bin/rustc"
rm -rf "$work"
