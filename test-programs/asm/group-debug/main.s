# A reference from debug information into a discarded COMDAT section becomes a tombstone, no error.
# gild-test: libc = none
# gild-test: cflags = -g0
# gild-test: inputs = main.o other.o
    .section .text.f, "axG", @progbits, f, comdat
    .weak f
f:  ret
    .text
    .globl _start
_start:
    call f
    xor %edi, %edi
    mov $60, %eax
    syscall
