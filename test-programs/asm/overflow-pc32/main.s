# R_X86_64_PC32 reaches 2 GiB.
# gild-test: libc = none
# gild-test: output = exec
# gild-test: fails = R_X86_64_PC32
# gild-test: fails = main.o
# gild-test: fails = far_away
    .text
    .globl _start
_start:
    lea far_away(%rip), %rax
