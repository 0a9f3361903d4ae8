# FDEs live and die with their function; an LSDA that only a dead FDE names goes, too; a function in a
# second .eh_frame of the same object keeps its own.
# lld 19 keeps every LSDA that is not in a group or linked to its function.
# gild-test: peers = ld
# gild-test: libc = none
# gild-test: link = --gc-sections --eh-frame-hdr
# gild-test: present = live live_lsda
# gild-test: absent = dead dead_lsda
    .section .text.live, "ax"
    .globl _start, live
_start:
live:
    .cfi_startproc
    .cfi_lsda 0x1b, live_lsda
    xor %edi, %edi
    mov $60, %eax
    syscall
    .cfi_endproc
    .section .text.dead, "ax"
    .globl dead
dead:
    .cfi_startproc
    .cfi_lsda 0x1b, dead_lsda
    ret
    .cfi_endproc
    .section .gcc_except_table.live, "a"
    .globl live_lsda
live_lsda: .long 0x11111111
    .section .gcc_except_table.dead, "a"
    .globl dead_lsda
dead_lsda: .long 0x22222222
