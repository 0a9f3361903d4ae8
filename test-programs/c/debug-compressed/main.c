// Compressed debug sections are read, and written; the program has line tables either way.
// gild-test: variant zlib = -gz=zlib
// gild-test: variant old = -gz=zlib-gnu
// gild-test: variant zstd = -gz=zstd
// gild-test: variant into-zlib = -g | -Wl,--compress-debug-sections=zlib
// gild-test: variant into-zstd = -g | -Wl,--compress-debug-sections=zstd
// GNU ld 2.40 of Debian knows zstd, gcc 12 does not emit it.
// gild-test: except = */*/gcc/zstd
// clang dropped the .zdebug names.
// gild-test: except = */*/clang/old
// gild-test: skip lld = */*/*/old
// gild-test: stdout = debug
#include <stdio.h>

int main(void) {
    puts("debug");
    return 0;
}
