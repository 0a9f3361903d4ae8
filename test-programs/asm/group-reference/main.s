# A reference from code to a local symbol of a discarded COMDAT section is an error.
# gild-test: libc = none
# gild-test: inputs = main.o other.o
# gild-test: fails = discarded
# gild-test: fails = other.o
    .section .text.f, "axG", @progbits, f, comdat
    .weak f
f:  ret
    .text
    .globl _start
_start:
    call f
