# psABI B.2: `mov foo@GOTPCREL(%rip), %reg` becomes `lea foo(%rip), %reg` (8b to 8d), or, where
# addresses are absolute and fit, `mov $foo, %reg` (c7 /0; REX.R moves to REX.B).
# gild-test: libc = none
# gild-test: bytes rax = 48 8d 05 {4: target - . - 4} | 48 c7 c0 {4: target}
# gild-test: bytes rdi = 48 8d 3d {4: target - . - 4} | 48 c7 c7 {4: target}
# gild-test: bytes r15 = 4c 8d 3d {4: target - . - 4} | 49 c7 c7 {4: target}
# gild-test: bytes eax = 8d 05 {4: target - . - 4} | c7 c0 {4: target}
# gild-test: bytes r9d = 44 8d 0d {4: target - . - 4} | 41 c7 c1 {4: target}
    .text
    .globl _start, rax, rdi, r15, eax, r9d
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
rax: mov target@GOTPCREL(%rip), %rax
rdi: mov target@GOTPCREL(%rip), %rdi
r15: mov target@GOTPCREL(%rip), %r15
eax: mov target@GOTPCREL(%rip), %eax
r9d: mov target@GOTPCREL(%rip), %r9d
