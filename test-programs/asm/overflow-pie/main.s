# A 32-bit absolute address cannot be in a static-PIE: the message tells how to compile.
# gild-test: libc = none
# gild-test: output = pie
# gild-test: fails = R_X86_64_32
# gild-test: fails = main.o
# gild-test: fails = -fPI
    .text
    .globl _start
_start:
    mov $_start, %eax
