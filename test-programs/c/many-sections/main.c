// More than 65,280 sections: SHN_XINDEX in symbols, e_shnum in section 0.
// gild-test: compiler = gcc
// gild-test: cflags = -O0 -g0
// gild-test: stdout = last 69999
#include <stdio.h>

__asm__(".altmacro\n"
        ".macro entry number\n.section .data.e\\number,\"aw\"\n.long \\number\n.endm\n"
        ".set i, 0\n.rept 69999\nentry %i\n.set i, i+1\n.endr\n"
        ".section .data.last,\"aw\"\n.globl last\nlast: .long 69999\n.text");
extern int last;

int main(void) {
    printf("last %d\n", last);
    return 0;
}
