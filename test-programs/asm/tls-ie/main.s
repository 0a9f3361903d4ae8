# TLS ABI: IE to LE. `mov x@gottpoff(%rip), %reg` becomes `mov $tpoff, %reg` (c7 /0), `add` becomes
# `lea tpoff(%reg), %reg`, or `add $tpoff, %reg` (81 /0), which rsp and r12 need (no SIB byte to spare).
# gild-test: libc = none
# gild-test: bytes mov_rax = 48 c7 c0 {4: tpoff(x)}
# gild-test: bytes mov_r13 = 49 c7 c5 {4: tpoff(x)}
# gild-test: bytes add_rax = 48 8d 80 {4: tpoff(x)} | 48 81 c0 {4: tpoff(x)}
# gild-test: bytes add_r9 = 4d 8d 89 {4: tpoff(x)} | 49 81 c1 {4: tpoff(x)}
# gild-test: bytes add_rsp = 48 81 c4 {4: tpoff(x)}
# gild-test: bytes add_r12 = 49 81 c4 {4: tpoff(x)}
    .text
    .globl _start, mov_rax, mov_r13, add_rax, add_r9, add_rsp, add_r12
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
mov_rax: mov x@gottpoff(%rip), %rax
mov_r13: mov x@gottpoff(%rip), %r13
add_rax: add x@gottpoff(%rip), %rax
add_r9: add x@gottpoff(%rip), %r9
add_rsp: add x@gottpoff(%rip), %rsp
add_r12: add x@gottpoff(%rip), %r12
