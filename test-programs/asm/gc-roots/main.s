# What --gc-sections keeps though nothing refers to it: SHF_GNU_RETAIN, notes, init arrays, C identifiers
# asked for by __start_; and what goes: the unreferenced rest.
# gild-test: libc = none
# gild-test: link = --gc-sections
# gild-test: present = kept_by_retain kept_by_init_array
# gild-test: absent = dead in_dead_group
# gild-test: value at4(entries_at) = 0x11223344
# gild-test: bytes section(.note.mine) = 04 00 00 00 04 00 00 00 01 00 00 00 47 49 4c 00 01 02 03 04
# GNU ld keeps entries as roots, lld only with -z nostart-stop-gc.
# gild-test: peers = ld
    .section .text.start, "ax"
    .globl _start
_start:
    lea __start_entries(%rip), %rax
    mov $1, %edi
    cmpl $0x11223344, (%rax)
    jne done
    xor %edi, %edi
done:
    mov $60, %eax
    syscall
    .section .text.dead, "ax"
    .globl dead
dead: call not_defined_anywhere
    .section .data.retain, "awR"
    .globl kept_by_retain
kept_by_retain: .quad 1
    .section .text.init, "ax"
    .globl kept_by_init_array
kept_by_init_array: ret
    .section .init_array, "aw", @init_array
    .quad kept_by_init_array
    .section entries, "a"
    .globl entries_at
entries_at: .long 0x11223344
    .section .text.group, "axG", @progbits, group, comdat
    .globl in_dead_group
in_dead_group: ret
    .section .note.mine, "a", @note
    .long 4, 4, 1
    .asciz "GIL"
    .byte 1, 2, 3, 4
