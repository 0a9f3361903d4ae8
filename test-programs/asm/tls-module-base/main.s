# _TLS_MODULE_BASE_ is the start of the TLS block; TLSDESC's local-dynamic code asks for it.
# gild-test: libc = none
# gild-test: bytes base = 48 c7 c0 {4: tpoff(first)}
# gild-test: bytes called = 66 90
# gild-test: peers = lld
    .text
    .globl _start, base, called
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
base:
    lea _TLS_MODULE_BASE_@tlsdesc(%rip), %rax
called:
    call *_TLS_MODULE_BASE_@tlscall(%rax)
    .section .tdata, "awT", @progbits
    .globl first, second
first: .quad 1
second: .quad 2
