# Texts without terminators and, among them, one of 8 bytes, which is a merged constant: linkers put it
# between the others or elsewhere.
    .text
    .globl _start
    .type _start, @function
_start:
    lea .Ltable(%rip), %rsi
    movslq (%rsi,%rdi,4), %rax
    mov $60, %eax
    xor %edi, %edi
    syscall
    .size _start, . - _start
    .section .rodata.first, "a"
    .ascii "abc"
.Lfirst:
    .ascii "SIGPROF-SIGXC"
    .section .rodata.cst8, "aM", @progbits, 8
.Lconstant:
    .ascii "SIGWINCH"
    .section .rodata.last, "a"
.Llast:
    .ascii "SIGIO-SIGPWR-SIGSYS-SIGOTHER"
    .section .rodata.table, "a"
    .balign 4
.Ltable:
    .long .Lfirst - .Ltable, .Lconstant - .Ltable, .Llast - .Ltable
