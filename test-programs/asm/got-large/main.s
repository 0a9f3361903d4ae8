# The large PIC model: GOT64 is G + A (slot from the GOT's base), GOTPCREL64 is G + GOT - P + A,
# PLTOFF64 is L - GOT + A. The program follows each and exits with 0 if all lead to the target.
# lld 19 does not know GOTPCREL64.
# gild-test: peers = ld
# gild-test: libc = none
# gild-test: output = exec
    .text
    .globl _start
_start:
    mov $1, %edi
    lea _GLOBAL_OFFSET_TABLE_(%rip), %rbx
    lea target(%rip), %rcx
    movabs $target@GOT, %rax
    cmp %rcx, (%rbx,%rax)
    jne done
    mov $2, %edi
    lea here(%rip), %rdx
    movabs $0, %rax
    .reloc .-8, R_X86_64_GOTPCREL64, target
here:
    lea -8(%rdx), %rdx
    cmp %rcx, (%rdx,%rax)
    jne done
    mov $3, %edi
    movabs $function@PLTOFF, %rax
    add %rbx, %rax
    call *%rax
    cmp $77, %eax
    jne done
    xor %edi, %edi
done:
    mov $60, %eax
    syscall
