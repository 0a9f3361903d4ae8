# What is collected doesn't make a section writable.
# gild-test: libc = none
# gild-test: link = --gc-sections
    .section .text.start, "ax"
    .globl _start
_start:
    call function
    mov $60, %eax
    syscall
    .section own, "ax"
function:
    xor %edi, %edi
    ret
