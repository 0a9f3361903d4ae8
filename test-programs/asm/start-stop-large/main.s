# __start_X and __stop_X bound all of X, though one part says it is large.
# gild-test: libc = none
    .text
    .globl _start
_start:
    lea __stop_parts(%rip), %rdi
    lea __start_parts(%rip), %rax
    sub %rax, %rdi
    sub $24, %edi
    mov $60, %eax
    syscall
    .section parts, "aw", @progbits
    .quad 1
