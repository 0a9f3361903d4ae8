# GNU_PROPERTY_X86_ISA_1_NEEDED (0xc0008002) is or-ed. lld 19 drops it.
# gild-test: libc = none
# gild-test: peers = ld
# gild-test: bytes section(.note.gnu.property) = 04 00 00 00 10 00 00 00 05 00 00 00 47 4e 55 00 02 80 00 c0 04 00 00 00 03 00 00 00 00 00 00 00
    .text
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
    .section .note.gnu.property, "a", @note
    .balign 8
    .long 4, 16, 5
    .asciz "GNU"
    .long 0xc0008002, 4, 1, 0
