# psABI table 4.9: R_X86_64_64 is S + A in 8 bytes; 32, 16 and 8 are S + A truncated; 32S is sign-extended.
# gild-test: libc = none
# gild-test: output = exec
# gild-test: bytes word64 = {8: target + 8}
# gild-test: bytes word32 = {4: target + 4}
# gild-test: bytes word16 = 34 12
# gild-test: bytes word8 = 7f
# gild-test: bytes signed = 48 c7 c0 {4: target - 16}
# gild-test: bytes negative = ff ff ff ff ff ff ff ff
# gild-test: bytes high = 78 56 34 f2
    .text
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
    .globl signed
signed:
    mov $target-16, %rax
    .data
    .globl word64, word32, word16, word8, negative, high
word64: .quad target+8
word32: .long target+4
word16: .word absolute16
word8:  .byte absolute8
negative: .quad minus_one
high:   .long absolute32
