# Linux gABI extension: GNU_PROPERTY_X86_FEATURE_1_AND (0xc0000002) is and-ed over all inputs.
# gild-test: libc = none
# gild-test: bytes section(.note.gnu.property) = 04 00 00 00 10 00 00 00 05 00 00 00 47 4e 55 00 02 00 00 c0 04 00 00 00 01 00 00 00 00 00 00 00
# gild-test: value section_size(.note.gnu.property) = 32
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
    .long 0xc0000002, 4, 3, 0
