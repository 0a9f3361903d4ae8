    .globl x, y
    .section .tdata, "awT", @progbits
    .quad 1
x:  .long 5
    .section .tbss, "awT", @nobits
    .skip 12
y:  .skip 4
