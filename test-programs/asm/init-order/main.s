# .init_array.N comes in the order of N, before the plain section; within one, by input.
# gild-test: libc = none
# gild-test: output = exec
# gild-test: inputs = main.o other.o
# gild-test: bytes __init_array_start = {8: f5} {8: f100} {8: f100b} {8: plain} {8: plain_b}
# gild-test: bytes __fini_array_start = {8: f5} {8: plain}
# gild-test: value __init_array_end - __init_array_start = 40
# gild-test: value __fini_array_end - __fini_array_start = 16
    .text
    .globl _start, f5, f100, plain
_start:
    lea __init_array_start(%rip), %rax
    lea __init_array_end(%rip), %rax
    lea __fini_array_start(%rip), %rax
    lea __fini_array_end(%rip), %rax
    xor %edi, %edi
    mov $60, %eax
    syscall
f5: ret
f100: ret
plain: ret
    .section .init_array, "aw", @init_array
    .quad plain
    .section .init_array.00100, "aw", @init_array
    .quad f100
    .section .init_array.00005, "aw", @init_array
    .quad f5
    .section .fini_array, "aw", @fini_array
    .quad plain
    .section .fini_array.00005, "aw", @fini_array
    .quad f5
