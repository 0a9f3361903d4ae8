# An absolute symbol does not move with a static-PIE: no `lea`, and its slot has no relocation.
# gild-test: libc = none
# gild-test: bytes loads = 48 8b 05 {got constant} | 48 c7 c0 78 56 34 12
    .text
    .globl _start, loads
_start:
loads:
    mov constant@GOTPCREL(%rip), %rax
    mov $1, %edi
    cmp $0x12345678, %rax
    jne done
    xor %edi, %edi
done:
    mov $60, %eax
    syscall
