// COMDAT groups: the first copy stays, the others go with their debug information and unwind tables.
// gild-test: variant plain =
// gild-test: variant gc = -ffunction-sections | -Wl,--gc-sections
// gild-test: stdout = same function, same data, first copy
#include <stdio.h>

__asm__(".section .text.shared,\"axG\",@progbits,shared,comdat\n"
        ".weak shared\n.type shared,@function\nshared:\n.cfi_startproc\nmovl $1, %eax\nret\n.cfi_endproc\n"
        ".size shared, .-shared\n"
        ".section .data.shared,\"awG\",@progbits,shared,comdat\n"
        ".weak shared_data\n.type shared_data,@object\nshared_data: .long 1\n.size shared_data, 4\n.text");
extern int shared(void), shared_data;
int (*other_shared(void))(void);
int *other_data(void);

int main(void) {
    printf("%s, ", other_shared() == shared ? "same function" : "WRONG");
    printf("%s, ", other_data() == &shared_data ? "same data" : "WRONG");
    printf("%s\n", shared() + shared_data == 2 ? "first copy" : "WRONG");
    return 0;
}
