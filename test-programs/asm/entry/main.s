# -e names the entry.
# gild-test: libc = none
# gild-test: variant named = | -e begin
# gild-test: variant long = | --entry=begin
    .text
    .globl begin
    ud2
begin:
    xor %edi, %edi
    mov $60, %eax
    syscall
