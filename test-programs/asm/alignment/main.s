# Input sections keep their alignment inside an output section; gaps in code are nops, in data zeros.
# gild-test: libc = none
    .text
    .globl _start
_start:
    mov $1, %edi
    lea aligned(%rip), %rax
    test $255, %al
    jne done
    mov $2, %edi
    lea data(%rip), %rax
    test $1023, %eax
    jne done
    cmpb $0, -1(%rax)
    jne done
    xor %edi, %edi
done:
    mov $60, %eax
    syscall
    .section .text.aligned, "ax"
    .balign 256
aligned: ret
    .data
    .byte 1
    .section .data.aligned, "aw"
    .balign 1024
data: .byte 2
