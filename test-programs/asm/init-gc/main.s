# What DT_INIT and DT_FINI name lives.
# gild-test: libc = none
# gild-test: output = pie
# gild-test: link = --gc-sections -init=begin -fini=end
# gild-test: present = begin end
    .section .text.start, "ax"
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
    .section .text.begin, "ax"
    .globl begin
begin: ret
    .section .text.end, "ax"
    .globl end
end: ret
