__asm__(".section .gnu.linkonce.t.old_style,\"ax\",@progbits\n.weak old_style\n.type old_style,@function\n"
        "old_style: movl $2, %eax\nret\n.size old_style, .-old_style\n.text");
int old_style(void);

int (*other(void))(void) { return old_style; }
