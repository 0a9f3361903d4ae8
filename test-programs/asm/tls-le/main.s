# TPOFF32 and TPOFF64 are the variable's offset from the thread pointer, behind the end of the block
# rounded up to its alignment (variant II).
# gild-test: libc = none
# gild-test: bytes code = 64 8b 04 25 {4: tpoff(x) + 2}
# gild-test: bytes wide = 48 b8 {8: tpoff(x)}
# gild-test: bytes word = {8: tpoff(y)}
# gild-test: value tpoff(aligned) = 0 - 64
    .text
    .globl _start, code, wide
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
code: mov %fs:x@tpoff+2, %eax
wide: movabs $x@tpoff, %rax
    .data
    .globl word
word: .quad y@tpoff
