# psABI table 4.9: SIZE32 and SIZE64 are Z + A, with Z the size of the symbol.
# gild-test: libc = none
# gild-test: bytes size32 = {4: size(object) + 2}
# gild-test: bytes size64 = {8: size(object) - 1}
# gild-test: value size(object) = 24
    .text
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
    .data
    .globl size32, size64
size32: .reloc ., R_X86_64_SIZE32, object+2
    .long 0
size64: .reloc ., R_X86_64_SIZE64, object-1
    .quad 0
