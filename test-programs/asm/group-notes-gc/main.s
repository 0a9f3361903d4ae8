# A note about a function in its group, and one linked to it, go with the function; those of living
# code stay. SystemTap's probes are such notes, -fstack-size-section makes the others.
# gild-test: libc = none
# gild-test: link = --gc-sections
# gild-test: absent = dead
# gild-test: contains = living probe
# gild-test: lacks = dead probe
    .section .text.start, "ax"
    .globl _start
_start:
    call living
    xor %edi, %edi
    mov $60, %eax
    syscall
    .section .text.living, "axG", @progbits, living, comdat
    .weak living
living: ret
    .section .note.probes, "?", @note
    .asciz "living probe"
    .section .text.dead, "axG", @progbits, dead, comdat
    .weak dead
dead: call not_defined_anywhere
    .section .note.probes, "G", @note, dead, comdat
    .asciz "dead probe"
    .section .text.alone, "ax"
alone: call not_defined_anywhere
    .section .sizes, "o", @progbits, .text.alone
    .quad alone
