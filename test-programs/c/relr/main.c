// -z pack-relative-relocs: musl and glibc differ in support; 1.2.3 has none, so the start-up is asked.
// gild-test: output = pie
// gild-test: libc = glibc
// gild-test: link = -Wl,-z,pack-relative-relocs
// gild-test: skip ld = */*/*
// gild-test: stdout = 0 1 2 99
#include <stdio.h>

static int numbers[200];
int *pointers[100] = {numbers, &numbers[1], &numbers[2], [99] = &numbers[99]};

int main(void) {
    for (int i = 0; i < 3; i++) printf("%d ", (int)(pointers[i] - numbers));
    printf("%d\n", (int)(pointers[99] - numbers));
    return 0;
}
