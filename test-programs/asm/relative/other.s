    .globl target, function
    .text
function:
    xor %edi, %edi
    ret
    .data
target: .quad 1
