// Exceptions through many frames, with cleanups on the way, across objects and next to collected code.
// gild-test: libc = glibc
// gild-test: cflags = -std=c++17
// gild-test: variant plain =
// gild-test: variant gc = -ffunction-sections -fdata-sections | -Wl,--gc-sections
// gild-test: variant O2 = -ffunction-sections | -Wl,-O2
// gild-test: stdout = caught deep 20, cleanups 20
// gild-test: stdout = caught base of derived
// gild-test: stdout = rethrown number 7
// gild-test: stdout = nested outer: inner
// gild-test: stdout = from static initialiser
#include "shared.h"
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

int cleanups;
struct Cleanup { ~Cleanup() { cleanups++; } };

struct Base { virtual ~Base() = default; virtual const char *name() const { return "base"; } };
struct Derived : Base { const char *name() const override { return "derived"; } };

__attribute__((noinline)) void deep(int levels) {
    Cleanup cleanup;
    if (levels == 1) throw_from_elsewhere("deep 20");
    deep(levels - 1);
}

// Never called: its tables must go without disturbing the others.
void dead(int x) {
    try { if (x) throw Base(); } catch (const Base &) { std::puts("never"); }
}

static int initialised = [] {
    try { throw 1; } catch (int) { return 1; }
    return 0;
}();

int main() {
    try { deep(20); } catch (const std::runtime_error &error) {
        std::printf("caught %s, cleanups %d\n", error.what(), cleanups);
    }
    try { throw Derived(); } catch (const Base &base) { std::printf("caught base of %s\n", base.name()); }
    try {
        try { throw 7; } catch (...) { throw; }
    } catch (int number) { std::printf("rethrown number %d\n", number); }
    try {
        try { throw std::runtime_error("inner"); }
        catch (...) { std::throw_with_nested(std::logic_error("outer")); }
    } catch (const std::logic_error &outer) {
        try { std::rethrow_if_nested(outer); }
        catch (const std::exception &inner) { std::printf("nested %s: %s\n", outer.what(), inner.what()); }
    }
    if (initialised) std::puts("from static initialiser");
}
