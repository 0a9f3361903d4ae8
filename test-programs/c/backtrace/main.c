// glibc's backtrace() walks .eh_frame_hdr and .eh_frame through every kept frame.
// gild-test: libc = glibc
// gild-test: cflags = -fno-optimize-sibling-calls
// gild-test: variant plain =
// gild-test: variant gc = -ffunction-sections | -Wl,--gc-sections
// gild-test: stdout = found outer
// gild-test: stdout = found main
#include <execinfo.h>
#include <stdio.h>

int main(void);
void outer(void);
static void *frames[32];
static int count;

static int near(void *address, void *function) {
    long distance = (char *)address - (char *)function;
    return distance > 0 && distance < 512;
}

__attribute__((noinline)) void inner(void) {
    count = backtrace(frames, 32);
    __asm__ volatile("");
}

__attribute__((noinline)) void outer(void) {
    inner();
    __asm__ volatile("");
}

// Dead, with an FDE of its own.
void never_called(void) { outer(); }

int main(void) {
    outer();
    int in_outer = 0, in_main = 0;
    for (int i = 0; i < count; i++) {
        in_outer |= near(frames[i], outer);
        in_main |= near(frames[i], main);
    }
    if (in_outer) puts("found outer");
    if (in_main) puts("found main");
    return 0;
}
