# psABI B.2: `call *foo@GOTPCREL(%rip)` becomes a direct call with an addr32 prefix or a nop beside it,
# `jmp *foo@GOTPCREL(%rip)` a direct jump and a nop.
# gild-test: libc = none
# gild-test: bytes calls = 67 e8 {4: function - . - 4} | e8 {4: function - . - 4} 90 | 90 e8 {4: function - . - 4}
# gild-test: bytes jumps = e9 {4: last - . - 4} 90 | 90 e9 {4: last - . - 4}
    .text
    .globl _start, calls, jumps
_start:
calls:
    call *function@GOTPCREL(%rip)
jumps:
    jmp *last@GOTPCREL(%rip)
