    .section .text.f, "axG", @progbits, f, comdat
    .weak f
f:  ret
.Lend:
    .section .debug_info, "", @progbits
    .quad f, .Lend
    .section .debug_ranges, "", @progbits
    .quad f, .Lend
