# gABI and psABI: an address in data of a static-PIE is a RELATIVE relocation with addend S + A.
# gild-test: libc = none
# gild-test: output = pie
# gild-test: relative pointer = target + 8
# gild-test: relative constant = target
# gild-test: relative to_text = _start
# A section symbol of thread-local storage is no thread-local symbol: it stands for the initial image.
# gild-test: relative image = section(.tdata)
# Asked for twice.
# gild-test: relative twice = target
# gild-test: bytes difference = {8: target - .}
# gild-test: bytes absolute = 2a 00 00 00 00 00 00 00
    .text
    .globl _start
_start:
    xor %edi, %edi
    mov $60, %eax
    syscall
    .data
    .globl pointer, to_text, difference, absolute
pointer: .quad target+8
to_text: .quad _start
difference: .quad target - .
absolute: .quad answer
    .globl image, twice
image: .quad .tdata
twice: .reloc ., R_X86_64_64, target
    .reloc ., R_X86_64_64, target
    .quad 0
    .section .tdata, "awT", @progbits
    .quad 7
    .data
    .section .data.rel.ro, "aw"
    .globl constant
constant: .quad target
