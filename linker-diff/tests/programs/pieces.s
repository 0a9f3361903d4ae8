# Constants that every linker merges and orders in its own way, each with its end, as of a slice of one.
    .macro constant number
    .section .rodata.cst8, "aM", @progbits, 8
.LC\number:
    .quad 7919 * \number
    .text
    lea .LC\number(%rip), %rsi
    lea .LC\number+8(%rip), %rdx
    call use
    .endm

    .text
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    .irp number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    constant \number
    .endr
    mov $60, %eax
    xor %edi, %edi
    syscall
    .cfi_endproc
    .size _start, . - _start
    .type use, @function
use:
    cmp %rsi, %rdx
    ret
    .size use, . - use
