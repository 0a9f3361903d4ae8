# lea target(%rip), %r16, with the REX2 prefix of APX in bytes, as old assemblers do not know it.
    .text
    .globl _start
    .type _start, @function
_start:
    .byte 0xd5, 0x48, 0x8d, 0x05
    .long target - . - 4
    ret
    .size _start, . - _start
    .data
    .globl target
    .type target, @object
target:
    .quad 1, 2
    .size target, . - target
