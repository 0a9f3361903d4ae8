    .globl target, function
    .text
function:
    mov $77, %eax
    ret
    .data
target: .quad 0
