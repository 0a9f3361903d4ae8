# An FDE may describe another object's function. GNU ld keeps it out of the search table.
# gild-test: peers = lld
# gild-test: libc = none
# gild-test: link = --eh-frame-hdr
    .text
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
    .globl described
described: ret
