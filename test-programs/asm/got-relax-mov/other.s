    .globl target
    .data
target: .quad 0
