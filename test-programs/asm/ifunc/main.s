# An ifunc in a fixed-address program: IRELATIVE relocations between __rela_iplt_start and _end, which
# start-up code applies, and one address for the function wherever it is taken.
# gild-test: libc = none
# gild-test: output = exec
    .text
    .globl _start
_start:
    lea __rela_iplt_start(%rip), %rbx
    lea __rela_iplt_end(%rip), %r12
next:
    cmp %r12, %rbx
    jae relocated
    mov $1, %edi
    cmpl $37, 8(%rbx)
    jne done
    call *16(%rbx)
    mov (%rbx), %rcx
    mov %rax, (%rcx)
    add $24, %rbx
    jmp next
relocated:
    mov $2, %edi
    call chosen
    cmp $99, %eax
    jne done
    mov $3, %edi
    call *pointer(%rip)
    cmp $99, %eax
    jne done
    mov $4, %edi
    lea chosen(%rip), %rax
    cmp pointer(%rip), %rax
    jne done
    mov $5, %edi
    mov chosen@GOTPCREL(%rip), %rcx
    cmp %rcx, %rax
    jne done
    xor %edi, %edi
done:
    mov $60, %eax
    syscall
    .data
pointer: .quad chosen
