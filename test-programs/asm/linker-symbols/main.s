# Symbols that the linker defines for those who ask: _DYNAMIC is absent (0) in a fixed-address program
# and the dynamic section's start in a static-PIE; __dso_handle is some address of the program.
# lld does not know __GNU_EH_FRAME_HDR.
# gild-test: peers = ld
# gild-test: libc = none
# gild-test: variant exec = -Wa,--defsym,PIE=0
# gild-test: except = none/pie/gcc/exec none/pie/clang/exec none/exec/gcc/pie none/exec/clang/pie
# gild-test: variant pie = -Wa,--defsym,PIE=1
# gild-test: link = --eh-frame-hdr
    .text
    .globl _start
    .weak _DYNAMIC
_start:
    .cfi_startproc
    mov $1, %edi
    lea __GNU_EH_FRAME_HDR(%rip), %rax
    cmpb $1, (%rax)
    jne done
    mov $2, %edi
    mov _DYNAMIC@GOTPCREL(%rip), %rax
    test %rax, %rax
    setne %al
    cmp $PIE, %al
    jne done
    mov $3, %edi
    lea __executable_start(%rip), %rax
    lea __ehdr_start(%rip), %rcx
    cmp %rax, %rcx
    jne done
    xor %edi, %edi
done:
    mov $60, %eax
    syscall
    .cfi_endproc
