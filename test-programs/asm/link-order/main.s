# gABI SHF_LINK_ORDER: sections appear in the order of the sections that they are linked to.
# gild-test: libc = none
# gild-test: bytes section(metadata) = 0a 0b 0c
    .section .text.a, "ax"
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
    .section .text.b, "ax"
    nop
    .section metadata, "ao", @progbits, .text.b
    .byte 11
    .section metadata, "ao", @progbits, .text.a
    .byte 10
