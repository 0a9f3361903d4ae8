    .text
    .globl chosen
    .type chosen, @gnu_indirect_function
chosen:
    lea implementation(%rip), %rax
    ret
implementation:
    mov $99, %eax
    ret
