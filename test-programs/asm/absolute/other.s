    .globl target, absolute8, absolute16, absolute32, minus_one
    .data
    .skip 64
target: .quad 0
absolute8 = 0x7f
absolute16 = 0x1234
absolute32 = 0xf2345678
minus_one = -1
