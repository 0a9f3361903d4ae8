// Fragments of _init and _fini that objects put between crti.o's prologue and crtn.o's epilogue.
// gild-test: stdout = init main fini
#include <stdio.h>
#include <unistd.h>

void in_init(void) { (void)!write(1, "init ", 5); }
void in_fini(void) { (void)!write(1, "fini\n", 5); }
__asm__(".section .init,\"ax\"\ncall in_init\n.section .fini,\"ax\"\ncall in_fini\n.text");

int main(void) {
    (void)!write(1, "main ", 5);
    return 0;
}
