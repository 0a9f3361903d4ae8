#!/bin/bash
# Builds gild, links two multi-threaded C programs for musl with it, each with musl's own malloc and
# with mimalloc, and runs them side by side.
#
# Installs what is missing on Debian 12 (as root or with sudo). Everything that is built stays in target/.
#
# usage: ./demo.sh [RUNS]      the median of so many runs is shown, 5 if not said
set -euo pipefail
cd "$(dirname "$0")"
runs=${1:-5}

scripts/install.sh gcc libc6-dev musl-tools
source scripts/rust.sh

echo "== building gild"
target=$PWD/target
cargo build --release --quiet -p gild-linker --target-dir "$target"
work=$target/demo
rm -rf "$work" && mkdir -p "$work/bin"
# gcc looks for a linker called ld in the folders that -B names.
ln -s "$target/release/gild" "$work/bin/ld"
libc=/usr/lib/x86_64-linux-musl/libc.a
before=$(sha256sum "$libc")

# link PROGRAM ALLOCATOR [LINKER OPTION…]: the same command but for the one option.
link() {
  local program=$1 allocator=$2
  shift 2
  musl-gcc -O2 -fno-builtin-malloc -pthread -static -B "$work/bin" -Wl,--allocator="$allocator" "$@" \
    "test-programs/allocator/$program.c" -o "$work/$program-$allocator"
}

echo "== linking"
for program in contention word_index; do
  link "$program" libc
  link "$program" mimalloc -Wl,--allocator-report="$work/$program.txt"
done

# Each prints one number, the less the better.
nanoseconds_per_block() {
  "$work/contention-$1" "$2" 0.5 | sed 's/.*ops_per_second=//' | awk '{ printf "%.0f\n", 1e9 / $1 }'
}
milliseconds_of_index() {
  local start end
  start=$(date +%s%N)
  "$work/word_index-$1" "$2" /usr/include/linux /usr/include/x86_64-linux-gnu > "$work/said"
  end=$(date +%s%N)
  echo $(((end - start) / 1000000))
}

median() {
  sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}

# compare FUNCTION THREADS TITLE: the two take turns, so that a busy machine slows both.
compare() {
  rm -f "$work/libc" "$work/mimalloc"
  for _ in $(seq "$runs"); do
    for allocator in libc mimalloc; do
      "$1" "$allocator" "$2" >> "$work/$allocator"
    done
  done
  awk -v title="$3" -v threads="$2" -v own="$(median < "$work/libc")" \
    -v chosen="$(median < "$work/mimalloc")" 'BEGIN {
      printf "%-44s %7d %14d %9d %6.1fx\n", title, threads, own, chosen, own / chosen }'
}

echo "== running, medians of $runs"
printf '%-44s %7s %14s %9s %7s\n' '' threads "musl's malloc" mimalloc faster
for threads in 1 2 8; do
  compare nanoseconds_per_block "$threads" 'a block allocated and freed, ns'
done
for threads in 1 2 8; do
  compare milliseconds_of_index "$threads" 'an index of the words of C headers, ms'
done

echo "== what gild reports of word_index with mimalloc"
cat "$work/word_index.txt"

echo "== no archive was changed"
[ "$before" = "$(sha256sum "$libc")" ]
echo "$before"
