# A section without SHF_ALLOC stays in the file and takes no address.
# gild-test: libc = none
# gild-test: contains = a remark that is not loaded
# gild-test: value section(remarks) = 0
    .text
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
    .section remarks, "", @progbits
    .ascii "a remark that is not loaded"
