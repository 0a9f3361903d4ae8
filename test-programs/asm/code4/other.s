    .globl target, x
    .data
target: .quad 0
    .section .tdata, "awT", @progbits
x:  .long 5
