# SystemTap probes: only notes that aren't loaded refer to the section from whose address debuggers
# count, and without it they find no probes. lld drops it.
# gild-test: libc = none
# gild-test: peers = ld
# gild-test: link = --gc-sections
# gild-test: present = _.stapsdt.base
    .section .text.start, "ax"
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
probe:
    syscall
    .section .note.stapsdt, "", @note
    .balign 4
    .long 2f - 1f, 4f - 3f, 3
1:  .asciz "stapsdt"
2:  .balign 4
3:  .quad probe, _.stapsdt.base, 0
    .asciz "provider"
    .asciz "exit"
    .asciz ""
4:  .balign 4
    .section .stapsdt.base, "aG", @progbits, .stapsdt.base, comdat
    .weak _.stapsdt.base
    .hidden _.stapsdt.base
_.stapsdt.base:
    .zero 1
    .size _.stapsdt.base, 1
