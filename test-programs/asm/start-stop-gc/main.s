# -z start-stop-gc: __start_ does not keep its section; weak references become 0.
# gild-test: libc = none
# gild-test: link = --gc-sections -z start-stop-gc
# gild-test: absent = entry
    .text
    .globl _start
    .weak __start_entries
_start:
    mov $1, %edi
    mov __start_entries@GOTPCREL(%rip), %rax
    test %rax, %rax
    jne done
    xor %edi, %edi
done:
    mov $60, %eax
    syscall
    .section entries, "a"
    .globl entry
entry: .long 1
