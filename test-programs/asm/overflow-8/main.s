# A value that R_X86_64_8 cannot hold is an error that names place, relocation and symbol.
# gild-test: libc = none
# gild-test: output = exec
# gild-test: fails = R_X86_64_8
# gild-test: fails = main.o
# gild-test: fails = wide_value
    .text
    .globl _start
_start:
    .byte wide_value
