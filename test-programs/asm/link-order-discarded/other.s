    .section .text.inline, "axG", @progbits, inline, comdat
    .weak inline
inline: ret
    .section metadata, "ao", @progbits, .text.inline
    .long 12
    .quad .text.inline - .
