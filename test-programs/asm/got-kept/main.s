# What psABI B.2 cannot relax goes through a slot: operands in a static-PIE, where the address is no
# link-time constant, other instructions, and an addend on the slot.
# gild-test: libc = none
# gild-test: output = pie
# gild-test: bytes adds = 48 03 05 {got target}
# gild-test: bytes tests = 48 85 05 {got target}
# gild-test: bytes pushes = ff 35 {got target}
# gild-test: bytes compares = 48 83 3d {got target 5} 00
# gild-test: bytes multiplies = 48 0f af 05 {got target}
    .text
    .globl _start, adds, tests, pushes, compares, multiplies
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
adds: add target@GOTPCREL(%rip), %rax
tests: test %rax, target@GOTPCREL(%rip)
pushes: push target@GOTPCREL(%rip)
compares: cmpq $0, target@GOTPCREL(%rip)
multiplies: imul target@GOTPCREL(%rip), %rax
