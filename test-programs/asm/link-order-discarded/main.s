# A section with SHF_LINK_ORDER goes with the section that it is linked to: with a copy of a COMDAT
# group that lost, or with one that is excluded, or with one that goes with such a one. lld refuses it.
# gild-test: libc = none
# gild-test: peers = ld
# gild-test: bytes section(metadata) = 0a 00 00 00
# gild-test: value section_size(metadata) = 12
    .text
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
    .section .text.inline, "axG", @progbits, inline, comdat
    .weak inline
inline: ret
    .section metadata, "ao", @progbits, .text.inline
    .long 10
    .quad .text.inline - .
    .section .text.excluded, "axe", @progbits
    ret
    .section metadata, "ao", @progbits, .text.excluded
chain:
    .long 11
    .section metadata, "ao", @progbits, chain
    .long 13
