# With -O2 a string that ends another one shares its bytes.
# gild-test: libc = none
# gild-test: output = exec
# gild-test: link = -O2
# gild-test: value at8(tail) = at8(whole) + 7
# gild-test: bytes at8(whole) = 70 72 65 66 69 78 20 74 61 69 6c 00
    .text
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
    .data
    .globl whole, tail
whole: .quad .Lwhole
tail: .quad .Ltail
    .section .rodata.str1.1, "aMS", @progbits, 1
.Ltail: .asciz "tail"
.Lwhole: .asciz "prefix tail"
