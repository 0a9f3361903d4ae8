# The large model's LD sequence, executed: the block's base plus an offset reaches the variable.
# gild-test: libc = none
# gild-test: peers = ld
# gild-test: compiler = gcc
    .text
    .globl _start
_start:
    lea buffer_end(%rip), %rsi
    mov %rsi, (%rsi)
    mov $0x1002, %edi
    mov $158, %eax
    syscall
    lea _GLOBAL_OFFSET_TABLE_(%rip), %rbx
    lea x@tlsld(%rip), %rdi
    movabs $__tls_get_addr@PLTOFF, %rax
    add %rbx, %rax
    call *%rax
    movl $7, x@dtpoff(%rax)
    mov $1, %edi
    cmpl $7, %fs:x@tpoff
    jne done
    xor %edi, %edi
done:
    mov $60, %eax
    syscall
    .bss
    .balign 64
    .skip 1024
buffer_end: .skip 64
