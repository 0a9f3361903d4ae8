// An input that asks for an executable stack: the linker warns, as GNU ld does since 2.39.
// gild-test: link = -Wl,-z,noexecstack
// gild-test: stdout = runs
#include <stdio.h>

__asm__(".section .note.GNU-stack,\"x\",@progbits\n.text");

int main(void) {
    puts("runs");
    return 0;
}
