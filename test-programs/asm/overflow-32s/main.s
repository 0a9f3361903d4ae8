# R_X86_64_32S is sign-extended: an address above 2 GiB overflows.
# gild-test: libc = none
# gild-test: output = exec
# gild-test: fails = R_X86_64_32S
# gild-test: fails = main.o
# gild-test: fails = far_away
    .text
    .globl _start
_start:
    mov $far_away, %rax
