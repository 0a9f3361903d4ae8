# SHF_MERGE: equal entries become one; SHF_STRINGS: equal strings do, across objects, and references by
# section symbol plus addend keep pointing at their text.
# gild-test: libc = none
# gild-test: output = exec
# gild-test: value at8(one) = at8(two)
# gild-test: value at8(middle) = at8(one) + 2
# gild-test: value at8(wide_one) = at8(wide_two)
# gild-test: value at8(constant_one) = at8(constant_two)
# gild-test: bytes at8(one) = 68 65 6c 6c 6f 00
# gild-test: bytes at8(wide_one) = 68 00 00 00 69 00 00 00 00 00 00 00
# gild-test: bytes at8(other_constant) = 02 00 00 00 00 00 00 00
    .text
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
    .data
    .globl one, middle, wide_one, constant_one, other_constant
one: .quad .Lhello
middle: .quad .Lhello+2
wide_one: .quad .Lwide
constant_one: .quad .Lconstant
other_constant: .quad .Lother
    .section .rodata.str1.1, "aMS", @progbits, 1
    .asciz "something before"
.Lhello: .asciz "hello"
    .section .rodata.str4.4, "aMS", @progbits, 4
    .balign 4
.Lwide: .long 'h', 'i', 0
    .section .rodata.cst8, "aM", @progbits, 8
    .balign 8
.Lother: .quad 2
.Lconstant: .quad 0x1122334455667788
