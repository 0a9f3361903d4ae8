# Tables and texts among the code, as assembly has them: what they look like leads to nowhere, or into
# another function on each side.
    .macro function name, number
    .type \name, @function
\name:
    .rept 8 * \number
    add $\number, %eax
    .endr
    ret
    .size \name, . - \name
    .balign 64
    .endm

    .text
    .ifdef SWAPPED
    function other, 5
    .else
    function one, 2
    .endif
    .globl _start
    .type _start, @function
_start:
    lea table(%rip), %rsi
    movdqa .Lincrements(%rip), %xmm0
    mov $60, %eax
    xor %edi, %edi
    syscall
    .size _start, . - _start
    .balign 16, 0xcc
.Lincrements:
    .quad 0
    .long 1, 1
    .balign 64
table:
    # call: 1 GiB on
    .byte 0xe8
    .long 0x40000000
    # mov 16 bytes into the function behind, %eax
    .byte 0x8b, 0x05
    .long .Lbehind + 16 - 1f
1:  # `p0` is a jo: 48 bytes on
    .ascii "p0 to <all>"
    .byte 0
    .ifdef SWAPPED
    .balign 32, 0
    .else
    .balign 32, 0xcc
    .endif

.Lbehind:
    .ifdef SWAPPED
    function one, 2
    .else
    function other, 5
    .endif
