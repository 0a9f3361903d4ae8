# A section with SHF_LINK_ORDER lives and dies with the section that it is linked to.
# gild-test: libc = none
# gild-test: link = --gc-sections
# gild-test: bytes section(metadata) = 0a
# gild-test: value section_size(metadata) = 1
    .section .text.a, "ax"
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
    .section .text.dead, "ax"
    nop
    .section metadata, "ao", @progbits, .text.dead
    .byte 11
    .section metadata, "ao", @progbits, .text.a
    .byte 10
