// Fat LTO objects carry machine code too; the .gnu.lto_ sections are left out.
// gild-test: compiler = gcc
// gild-test: cflags = -flto -ffat-lto-objects
// gild-test: link = -fno-lto
// gild-test: stdout = fat 3
// gild-test: lacks = .gnu.lto_
#include <stdio.h>

int other(void);

int main(void) {
    printf("fat %d\n", other());
    return 0;
}
