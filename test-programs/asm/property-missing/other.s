    .text
    nop
