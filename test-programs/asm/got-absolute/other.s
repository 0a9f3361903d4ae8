    .globl constant
constant = 0x12345678
