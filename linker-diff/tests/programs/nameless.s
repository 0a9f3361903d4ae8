# Code without a name in a section of its own, behind padding.
    .text
    .globl _start
_start:
    mov $60, %eax
    syscall
    .section .text.behind, "ax"
    .balign ALIGN
    nop
