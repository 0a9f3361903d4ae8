// Sections of unknown names stay as output sections of their own.
// gild-test: value at4(in_orphan) = 77
// gild-test: value at4(in_writable) = 78
// gild-test: stdout = 77 78 79
#include <stdio.h>

__attribute__((section("strange_constants"))) const int in_orphan = 77;
__attribute__((section("strange_data"))) int in_writable = 78;
__attribute__((section("strange_code"), noinline)) int in_code(void) { return 79; }

int main(void) {
    printf("%d %d %d\n", *(volatile const int *)&in_orphan, in_writable, in_code());
    return 0;
}
