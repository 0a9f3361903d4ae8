    .data
    .globl two, wide_two, constant_two
two: .quad .Lhello
wide_two: .quad .Lwide
constant_two: .quad .Lconstant
    .section .rodata.str1.1, "aMS", @progbits, 1
.Lhello: .asciz "hello"
    .section .rodata.str4.4, "aMS", @progbits, 4
    .balign 4
    .long 'x', 0
.Lwide: .long 'h', 'i', 0
    .section .rodata.cst8, "aM", @progbits, 8
    .balign 8
.Lconstant: .quad 0x1122334455667788
