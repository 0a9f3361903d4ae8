// .gnu.linkonce sections, COMDAT's predecessor: one copy of each name.
// gild-test: stdout = 1 same
#include <stdio.h>

__asm__(".section .gnu.linkonce.t.old_style,\"ax\",@progbits\n.weak old_style\n.type old_style,@function\n"
        "old_style: movl $1, %eax\nret\n.size old_style, .-old_style\n.text");
int old_style(void);
int (*other(void))(void);

int main(void) {
    printf("%d %s\n", old_style(), other() == old_style ? "same" : "WRONG");
    return 0;
}
