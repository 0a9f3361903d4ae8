# A weak undefined symbol is 0, in a static-PIE too, however it is asked for.
# gild-test: libc = none
# GNU ld refuses the lea in a static-PIE; lld makes the load address of it.
# gild-test: skip ld = none/pie/*
# gild-test: skip lld = none/pie/*
# gild-test: bytes in_data = 00 00 00 00 00 00 00 00
    .text
    .weak missing, near
    .hidden near
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
    mov $4, %edi
    lea near(%rip), %rax
    test %rax, %rax
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
