// A function of no bytes lies where another one starts, and its unwind rules come later in the input.
// An entry for it in the search table would hide the other function's from the unwinder. lld's does.
// gild-test: libc = glibc
// gild-test: skip lld = *
// gild-test: stdout = caught 7
#include <cstdio>

// `frame` calls `thrower` through a stack frame; the subsections put it behind `empty`.
__asm__(R"(
    .pushsection .text.frame, "ax", @progbits
    .subsection 1
    .globl frame
    .type frame, @function
frame:
    .cfi_startproc
    sub $8, %rsp
    .cfi_adjust_cfa_offset 8
    call thrower
    add $8, %rsp
    .cfi_adjust_cfa_offset -8
    ret
    .cfi_endproc
    .size frame, . - frame
    .subsection 0
    .type empty, @function
empty:
    .cfi_startproc
    .cfi_endproc
    .popsection
)");

extern "C" void frame();
extern "C" __attribute__((visibility("hidden"), used)) void thrower() { throw 7; }

int main() {
    try {
        frame();
    } catch (int number) {
        std::printf("caught %d\n", number);
    }
    return 0;
}
