# TLSDESC to LE: `lea x@tlsdesc(%rip), %rax` becomes `mov $tpoff, %rax`, the call a two-byte nop.
# gild-test: libc = none
# gild-test: bytes described = 48 c7 c0 {4: tpoff(x)}
# gild-test: bytes called = 66 90
    .text
    .globl _start, described, called
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
described:
    lea x@tlsdesc(%rip), %rax
called:
    call *x@tlscall(%rax)
