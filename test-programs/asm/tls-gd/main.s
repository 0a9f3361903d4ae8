# TLS ABI (Drepper) and psABI: GD to LE. The 16 bytes become
#     mov %fs:0, %rax; lea x@tpoff(%rax), %rax
# gild-test: libc = none
# gild-test: bytes direct = 64 48 8b 04 25 00 00 00 00 48 8d 80 {4: tpoff(x)}
# gild-test: bytes indirect = 64 48 8b 04 25 00 00 00 00 48 8d 80 {4: tpoff(y)}
# gild-test: absent = __tls_get_addr
    .text
    .globl _start, direct, indirect
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
direct:
    .byte 0x66
    lea x@tlsgd(%rip), %rdi
    .word 0x6666
    rex64
    call __tls_get_addr@PLT
indirect:
    .byte 0x66
    lea y@tlsgd(%rip), %rdi
    .byte 0x66
    rex64
    call *__tls_get_addr@GOTPCREL(%rip)
