#!/bin/bash
# Makes a C++ compiler for static musl programs, and the C++ library that goes with it, out of the
# PyPI package ziglang (80 MB; Debian has no C++ library for musl): FOLDER/bin/c++ compiles,
# FOLDER/lib has libc++.a, libc++abi.a and libunwind.a.
#
# usage: musl-cxx.sh FOLDER
#
# Needs Python with pip (installed here when missing, as root or with sudo). Takes about a minute; a
# finished folder is left alone. Fails, and leaves no compiler, where the network doesn't give it.
set -euo pipefail

folder=$(realpath -m "${1:?usage: musl-cxx.sh FOLDER}")
version=0.14.1
work=$folder/work
[ -x "$folder/bin/c++" ] && exit 0

python3 -m pip --version > /dev/null 2>&1 || "$(dirname "$0")/install.sh" python3 python3-pip

rm -rf "$work" "$folder/zig" && mkdir -p "$work" "$folder/bin" "$folder/lib"
python3 -m pip download --quiet --no-deps --dest "$work" "ziglang==$version"
python3 -m zipfile -e "$work"/ziglang-*.whl "$folder/zig"
zig=$folder/zig/ziglang/zig
chmod +x "$zig"

# It builds its libraries when it first links; they lie in its cache, in folders named by a hash.
printf '#include <iostream>\nint main() { std::cout << "built\\n"; }\n' > "$work/main.cc"
ZIG_GLOBAL_CACHE_DIR=$work/cache ZIG_LOCAL_CACHE_DIR=$work/cache \
  "$zig" c++ -target x86_64-linux-musl -O2 "$work/main.cc" -o "$work/main"
for library in libc++.a libc++abi.a libunwind.a; do
  cp "$work"/cache/o/*/"$library" "$folder/lib/"
done
rm -rf "$work"

cat > "$folder/bin/c++.new" << SCRIPT
#!/bin/sh
export ZIG_GLOBAL_CACHE_DIR=$folder/cache ZIG_LOCAL_CACHE_DIR=$folder/cache
exec $zig c++ -target x86_64-linux-musl -fno-sanitize=undefined "\$@"
SCRIPT
chmod +x "$folder/bin/c++.new"
mv "$folder/bin/c++.new" "$folder/bin/c++"
