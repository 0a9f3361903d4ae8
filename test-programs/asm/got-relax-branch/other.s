    .globl function, last
    .text
function:
    xor %edi, %edi
    ret
last:
    mov $60, %eax
    syscall
