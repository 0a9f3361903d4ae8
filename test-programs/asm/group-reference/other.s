    .section .text.f, "axG", @progbits, f, comdat
    .weak f
f:  nop
local:
    ret
    .text
    jmp local
    .quad local
