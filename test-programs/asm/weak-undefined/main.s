# A weak undefined symbol is 0, in a static-PIE too, however it is asked for.
# gild-test: libc = none
# gild-test: bytes in_data = 00 00 00 00 00 00 00 00
    .text
    .weak missing
    .globl _start
_start:
    mov $1, %edi
    mov missing@GOTPCREL(%rip), %rax
    test %rax, %rax
    jne done
    mov $2, %edi
    cmpq $0, missing@GOTPCREL(%rip)
    jne done
    mov $3, %edi
    cmpq $0, in_data(%rip)
    jne done
    test %rdi, %rdi
    jne fine
    call missing
fine:
    xor %edi, %edi
done:
    mov $60, %eax
    syscall
    .data
    .globl in_data
in_data: .quad missing
