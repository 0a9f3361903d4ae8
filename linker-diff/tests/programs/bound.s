# A loop over a named array; behind the array lies a text to which nothing refers.
        .globl  _start
        .type   _start, @function
_start:
        lea     array(%rip), %rax
        lea     array+16(%rip), %rdx
1:      add     $8, %rax
        cmp     %rdx, %rax
        jne     1b
        mov     $60, %eax
        xor     %edi, %edi
        syscall
        .size   _start, . - _start

        .section .rodata
        .balign 8
        .type   array, @object
array:
        .quad   1, 2
        .size   array, . - array
        .ifdef  LONG
        .string "\na text of some length"
        .else
        .string "\nshorter"
        .endif
