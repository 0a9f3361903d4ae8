# Offsets counted from a base that is loaded once, as compilers do for TLSDESC.
    .text
    .globl _start
    .type _start, @function
_start:
    lea _TLS_MODULE_BASE_@tlsdesc(%rip), %rax
    call *_TLS_MODULE_BASE_@tlscall(%rax)
    lea first@dtpoff(%rax), %rbx
    mov %rax, %rbp
    mov %fs:second@dtpoff(%rax), %ecx
    lea 0(%rbp,%rdx), %rsi
    add $third@dtpoff, %rsi
    mov %fs:first@dtpoff(%rbp), %ecx
    mov $60, %eax
    syscall
    .size _start, . - _start
    .section .tbss, "awT", @nobits
    .globl first, second, third
    .type first, @object
    .size first, 8
first: .zero 8
    .type second, @object
    .size second, 8
second: .zero 8
    .type third, @object
    .size third, 8
third: .zero 8
