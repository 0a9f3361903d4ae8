# TLS ABI: LD to LE. The call becomes `mov %fs:0, %rax` behind 0x66 prefixes, DTPOFF becomes TPOFF;
# in debug information DTPOFF stays an offset in the block.
# gild-test: libc = none
# gild-test: bytes direct = 66 66 66 64 48 8b 04 25 00 00 00 00 48 8d 88 {4: tpoff(x)} 8b 90 {4: tpoff(y) + 4}
# gild-test: bytes indirect = 66 66 66 66 64 48 8b 04 25 00 00 00 00 48 8d 88 {4: tpoff(x)}
# gild-test: absent = __tls_get_addr
    .text
    .globl _start, direct, indirect
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
direct:
    lea x@tlsld(%rip), %rdi
    call __tls_get_addr@PLT
    lea x@dtpoff(%rax), %rcx
    mov y@dtpoff+4(%rax), %edx
indirect:
    lea x@tlsld(%rip), %rdi
    call *__tls_get_addr@GOTPCREL(%rip)
    lea x@dtpoff(%rax), %rcx
