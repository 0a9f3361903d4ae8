# A function of several FDEs with code between them, as glibc's __clone: its parts call for each other.
    .text
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    call parts
    mov $60, %eax
    xor %edi, %edi
    syscall
    .cfi_endproc
    .size _start, . - _start
    .balign 16
    .type parts, @function
parts:
    .cfi_startproc
    test %rdi, %rdi
    je 2f
    inc %rdi
    .cfi_endproc
    je 1f
    inc %rsi
1:  .cfi_startproc
    inc %rdx
    ret
    .cfi_endproc
2:  .cfi_startproc
    mov $7, %eax
    ret
    .cfi_endproc
    .size parts, . - parts
