# gABI (Sun) SHF_EXCLUDE: the section is not in the output.
# gild-test: libc = none
# gild-test: lacks = not for the output
    .text
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
    .section excluded, "e", @progbits
    .ascii "not for the output"
