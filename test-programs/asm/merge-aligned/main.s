# A merged string keeps the alignment that its section asks for.
# gild-test: libc = none
# gild-test: output = exec
    .text
    .globl _start
_start:
    mov $1, %edi
    mov one(%rip), %rax
    test $15, %al
    jne done
    mov $2, %edi
    mov two(%rip), %rax
    test $15, %al
    jne done
    cmpb $'a', (%rax)
    jne done
    xor %edi, %edi
done:
    mov $60, %eax
    syscall
    .data
one: .quad .Lone
two: .quad .Ltwo
    .section .rodata.str1.16, "aMS", @progbits, 1
    .balign 16
.Lone: .asciz "odd length"
    .balign 16
.Ltwo: .asciz "another"
