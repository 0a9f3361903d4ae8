__asm__(".section .text.shared,\"axG\",@progbits,shared,comdat\n"
        ".weak shared\n.type shared,@function\nshared:\n.cfi_startproc\nmovl $2, %eax\nret\n.cfi_endproc\n"
        ".size shared, .-shared\n"
        ".section .data.shared,\"awG\",@progbits,shared,comdat\n"
        ".weak shared_data\n.type shared_data,@object\nshared_data: .long 2\n.size shared_data, 4\n.text");
extern int shared(void), shared_data;

int (*other_shared(void))(void) { return shared; }
int *other_data(void) { return &shared_data; }
