# psABI, large model: GD to LE takes 22 bytes, the last 6 of them a nop.
# gild-test: libc = none
# lld 19 does not know the large model's sequences.
# gild-test: peers = ld
# gild-test: compiler = gcc
# gild-test: bytes large = 64 48 8b 04 25 00 00 00 00 48 8d 80 {4: tpoff(x)} 66 0f 1f 44 00 00
    .text
    .globl _start, large
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
large:
    lea x@tlsgd(%rip), %rdi
    movabs $__tls_get_addr@PLTOFF, %rax
    add %rbx, %rax
    call *%rax
