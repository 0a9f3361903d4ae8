    .section own, "aw"
    .quad 5
