# Code that changes itself: a segment that can be written and executed, and others that can't.
# gild-test: libc = none
# gild-test: exit = 7
# gild-test: bytes answer = b8 01 00 00 00 c3
    .section .text.start, "ax"
    .globl _start
_start:
    movl $7, answer+1(%rip)
    call answer
    mov %eax, %edi
    mov $60, %eax
    syscall
    .section .patched, "awx"
    .globl answer
answer:
    mov $1, %eax
    ret
