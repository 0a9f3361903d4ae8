# TLSDESC's local-dynamic code asks for _TLS_MODULE_BASE_ and adds offsets to it. Relaxed to LE, the base
# is the thread pointer itself, and DTPOFF becomes TPOFF.
# gild-test: libc = none
# gild-test: bytes base = 48 c7 c0 00 00 00 00
# gild-test: bytes base + 7 = 66 90
# gild-test: bytes base + 9 = 48 8d 88 {4: tpoff(second)}
    .text
    .globl _start, base
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
base:
    lea _TLS_MODULE_BASE_@tlsdesc(%rip), %rax
    call *_TLS_MODULE_BASE_@tlscall(%rax)
    lea second@dtpoff(%rax), %rcx
    .section .tdata, "awT", @progbits
    .globl first, second
first: .quad 1
second: .quad 2
