# psABI table 4.9: PC64, PC32, PC16, PC8 are S + A - P; PLT32 is L + A - P, where L is S without a PLT.
# gild-test: libc = none
# gild-test: bytes pc64 = {8: target + 8 - .}
# gild-test: bytes pc32 = {4: target - 4 - .}
# gild-test: bytes pc16 = {2: near + 2 - .}
# gild-test: bytes pc8 = {1: near + 1 - .}
# gild-test: bytes calls = e8 {4: function - . - 4} e9 {4: function - . - 4}
# gild-test: bytes loads = 48 8b 05 {4: target - . - 4} c7 05 {4: target - . - 8} 05 00 00 00
# gild-test: bytes conditional = 0f 84 {4: function - . - 4}
    .text
    .globl _start, calls, loads, conditional
_start:
    call function
    mov $60, %eax
    syscall
calls:
    call function@PLT
    jmp function
loads:
    mov target(%rip), %rax
    movl $5, target(%rip)
conditional:
    je function
    .section .text.relative, "ax"
    .globl pc64, pc32, pc16, pc8, near
pc64: .quad target+8-.
pc32: .long target-4-.
pc16: .reloc ., R_X86_64_PC16, near+2
    .word 0
pc8: .reloc ., R_X86_64_PC8, near+1
    .byte 0
near: .quad 0
