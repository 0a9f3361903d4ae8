# R_X86_64_32 is zero-extended: an address above 4 GiB overflows.
# gild-test: libc = none
# gild-test: output = exec
# gild-test: fails = R_X86_64_32
# gild-test: fails = main.o
# gild-test: fails = far_away
    .text
    .globl _start
_start:
    mov $far_away, %eax
