    .globl target, answer
    .data
target: .quad 0, 0
answer = 42
