# psABI table 4.9: GOTPC32 and GOTPC64 are GOT + A - P, GOTOFF64 is S + A - GOT.
# gild-test: libc = none
# gild-test: bytes gotpc32 = {4: _GLOBAL_OFFSET_TABLE_ - .}
# gild-test: bytes gotpc64 = {8: _GLOBAL_OFFSET_TABLE_ - .}
# gild-test: bytes gotoff64 = {8: target + 3 - _GLOBAL_OFFSET_TABLE_}
# gild-test: bytes code = 48 8d 1d {4: _GLOBAL_OFFSET_TABLE_ - . - 4}
    .text
    .globl _start, code
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
code:
    lea _GLOBAL_OFFSET_TABLE_(%rip), %rbx
    .section .text.base, "ax"
    .globl gotpc32, gotpc64, gotoff64
gotpc32: .reloc ., R_X86_64_GOTPC32, _GLOBAL_OFFSET_TABLE_
    .long 0
gotpc64: .reloc ., R_X86_64_GOTPC64, _GLOBAL_OFFSET_TABLE_
    .quad 0
gotoff64: .reloc ., R_X86_64_GOTOFF64, target+3
    .quad 0
