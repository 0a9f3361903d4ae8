# Weak references to the bounds of a section that nothing else keeps: in code, in the GOT and in data.
    .text
    .globl _start
    .type _start, @function
_start:
    lea __start_things(%rip), %rsi
    .ifdef FIXED
    mov $__stop_things, %edi
    cmp $__stop_things, %rsi
    .endif
    mov __start_things@GOTPCREL(%rip), %rax
    cmp __stop_things@GOTPCREL(%rip), %rax
    mov bounds(%rip), %rax
    mov $60, %eax
    xor %edi, %edi
    syscall
    .size _start, . - _start
    .weak __start_things, __stop_things
    .section things, "aw"
    .type thing, @object
thing:
    .quad 77
    .size thing, 8
    .data
    .type bounds, @object
bounds:
    .quad __start_things, __stop_things
    .size bounds, 16
