# What lies behind 3 GiB of zeros is out of reach of a lea and too large for an immediate, though no section
# says that it is large: GOT loads stay.
# GNU ld 2.40 refuses a GOT load of _end here.
# gild-test: peers = lld
# gild-test: libc = none
# gild-test: output = exec
    .text
    .globl _start
_start:
    mov $1, %edi
    mov far@GOTPCREL(%rip), %rax
    cmp far@GOTPCREL(%rip), %rax
    jne done
    mov $2, %edi
    add $8, %rax
    cmp _end@GOTPCREL(%rip), %rax
    jne done
    movl $7, -8(%rax)
    mov -8(%rax), %edi
    sub $7, %edi
done:
    mov $60, %eax
    syscall
    .bss
    .zero 3 << 30
    .globl far
far: .zero 8
