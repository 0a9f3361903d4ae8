# psABI B.2: where addresses are absolute, `test %reg, foo@GOTPCREL(%rip)` becomes `test $foo, %reg`
# (f7 /0) and `OP foo@GOTPCREL(%rip), %reg` becomes `OP $foo, %reg` (81 /n); REX.R moves to REX.B.
# gild-test: libc = none
# gild-test: output = exec
# lld 19 leaves the forms without REX alone.
# gild-test: skip lld = *
# gild-test: bytes test_rax = 48 f7 c0 {4: target}
# gild-test: bytes test_r10 = 49 f7 c2 {4: target}
# gild-test: bytes test_ecx = f7 c1 {4: target}
# gild-test: bytes add_rax = 48 81 c0 {4: target}
# gild-test: bytes or_rcx = 48 81 c9 {4: target}
# gild-test: bytes adc_rdx = 48 81 d2 {4: target}
# gild-test: bytes sbb_rbx = 48 81 db {4: target}
# gild-test: bytes and_rsi = 48 81 e6 {4: target}
# gild-test: bytes sub_rdi = 48 81 ef {4: target}
# gild-test: bytes xor_r8 = 49 81 f0 {4: target}
# gild-test: bytes cmp_r15 = 49 81 ff {4: target}
# gild-test: bytes add_ecx = 81 c1 {4: target}
    .text
    .globl _start
    .globl test_rax, test_r10, test_ecx, add_rax, or_rcx, adc_rdx, sbb_rbx, and_rsi, sub_rdi, xor_r8, cmp_r15, add_ecx
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
test_rax: test %rax, target@GOTPCREL(%rip)
test_r10: test %r10, target@GOTPCREL(%rip)
test_ecx: test %ecx, target@GOTPCREL(%rip)
add_rax: add target@GOTPCREL(%rip), %rax
or_rcx: or target@GOTPCREL(%rip), %rcx
adc_rdx: adc target@GOTPCREL(%rip), %rdx
sbb_rbx: sbb target@GOTPCREL(%rip), %rbx
and_rsi: and target@GOTPCREL(%rip), %rsi
sub_rdi: sub target@GOTPCREL(%rip), %rdi
xor_r8: xor target@GOTPCREL(%rip), %r8
cmp_r15: cmp target@GOTPCREL(%rip), %r15
add_ecx: add target@GOTPCREL(%rip), %ecx
