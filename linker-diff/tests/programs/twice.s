# One relocation, asked for twice; thread-local variables without a size.
    .globl _start
_start:
    mov %fs:x@tpoff, %edi
    mov $60, %eax
    syscall
    .data
    .globl pointer, target
target: .quad 0, 0
pointer: .reloc ., R_X86_64_64, target
    .reloc ., R_X86_64_64, target
    .quad 0
    .section .tdata, "awT", @progbits
    .globl w, x
w: .long 5
x: .long 6, 7
