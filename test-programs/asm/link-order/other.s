    .section .text.c, "ax"
    nop
    .section metadata, "ao", @progbits, .text.c
    .byte 12
