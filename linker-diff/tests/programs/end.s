# The end of a variable is referred to, and the variable behind it.
    .text
    .globl _start
    .type _start, @function
_start:
    mov end(%rip), %rax
    movl $1, flag(%rip)
    mov flag(%rip), %edx
    incl flag(%rip)
    ret
    .size _start, . - _start
    .data
    .globl end
    .type end, @object
end:
    .quad buffer + 8
    .size end, . - end
    .bss
    .balign 16
    .globl buffer, flag
    .type buffer, @object
    .type flag, @object
buffer:
    .zero 8
    .size buffer, . - buffer
    .balign ALIGN
flag:
    .zero 4
    .size flag, . - flag
    .zero 16
