    .section .eh_frame, "a", @unwind
    .long cie_end - cie
cie:
    .long 0
    .byte 1
    .asciz "zR"
    .uleb128 1
    .sleb128 -8
    .uleb128 16
    .uleb128 1
    .byte 0x1b
    .byte 0x0c, 7, 8, 0x80 + 16, 1
    .balign 8
cie_end:
    .long fde_end - fde
fde:
    .long fde - cie + 4
    .long described - .
    .long 1
    .uleb128 0
    .balign 8
fde_end:
