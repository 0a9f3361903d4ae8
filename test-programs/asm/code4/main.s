# psABI 1.1 (APX): behind a REX2 prefix (d5, payload M0 R4 X4 B4 W R3 X3 B3) the relocation's CODE_4
# form allows the same relaxations; the register's bits move from R4, R3 to B4, B3 for an immediate.
# The instructions are mov and lea with r16: no assembler of 2024 knows the relocations' names.
# gild-test: libc = none
# gild-test: peers =
# gild-test: run = no
# gild-test: retype main.o .rela.text.got = 9 43
# gild-test: retype main.o .rela.text.tls = 22 44
# gild-test: retype main.o .rela.text.desc = 34 45
# gild-test: bytes got = d5 48 8d 05 {4: target - . - 4} | d5 18 c7 c0 {4: target}
# gild-test: bytes tls = d5 18 c7 c0 {4: tpoff(x)}
# gild-test: bytes desc = d5 18 c7 c0 {4: tpoff(x)}
    .text
    .globl _start, got, tls, desc
_start:
    ret
    .section .text.got, "ax"
got: .byte 0xd5, 0x48, 0x8b, 0x05
    .reloc ., R_X86_64_GOTPCREL, target-4
    .long 0
    .section .text.tls, "ax"
tls: .byte 0xd5, 0x48, 0x8b, 0x05
    .reloc ., R_X86_64_GOTTPOFF, x-4
    .long 0
    .section .text.desc, "ax"
desc: .byte 0xd5, 0x48, 0x8d, 0x05
    .reloc ., R_X86_64_GOTPC32_TLSDESC, x-4
    .long 0
