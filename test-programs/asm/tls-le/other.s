    .globl x, y, aligned
    .section .tdata, "awT", @progbits
x:  .long 5
    .section .tbss, "awT", @nobits
y:  .skip 4
    .balign 64
aligned: .skip 1
