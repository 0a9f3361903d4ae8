# An input without the note has none of the features: nobody has, then.
# gild-test: libc = none
    .text
    .globl _start
_start:
    mov $1, %edi
    lea __ehdr_start(%rip), %rax
    movzwl 56(%rax), %ecx
    add 32(%rax), %rax
next:
    cmpl $0x6474e553, (%rax)
    je done
    add $56, %rax
    loop next
    xor %edi, %edi
done:
    mov $60, %eax
    syscall
    .section .note.gnu.property, "a", @note
    .balign 8
    .long 4, 16, 5
    .asciz "GNU"
    .long 0xc0000002, 4, 3, 0
