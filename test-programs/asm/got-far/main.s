# What lies behind 3 GiB of large data is out of a lea's reach: its GOT load stays.
# gild-test: libc = none
# gild-test: output = exec
    .text
    .globl _start
_start:
    mov far@GOTPCREL(%rip), %rax
    movl $7, (%rax)
    mov (%rax), %edi
    sub $7, %edi
    mov $60, %eax
    syscall
    .section .lbss, "awl", @nobits
    .zero 3 << 30
    .globl far
far: .zero 8
