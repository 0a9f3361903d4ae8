    .text
    .globl f100b, plain_b
f100b: ret
plain_b: ret
    .section .init_array.00100, "aw", @init_array
    .quad f100b
    .section .init_array, "aw", @init_array
    .quad plain_b
