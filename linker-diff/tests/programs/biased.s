# A table whose base the compiler biased out of the program, and code that only padding delimits.
    .text
    .globl _start
    .type _start, @function
_start:
    mov table+0x4000(,%rdx,4), %eax
    mov $60, %eax
    syscall
    .size _start, . - _start
    .globl unsized
unsized:
    ret
    .balign 16, 0xcc
    xor %ecx, %ecx
    xor %edx, %edx
    ret
    .section .rodata
    .globl table
    .type table, @object
table:
    .long 1, 2, 3, 4
    .size table, . - table
