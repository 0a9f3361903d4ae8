    .section parts, "awl", @progbits
    .quad 2, 3
