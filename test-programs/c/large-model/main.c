// -mcmodel=medium puts big objects into .ldata and .lbss, beyond what 32 bits must reach.
// gild-test: cflags = -mcmodel=medium
// gild-test: output = exec
// gild-test: stdout = 7 0 9
#include <stdio.h>

int large_data[100000] = {7};
int large_bss[100000];
int small = 9;

int main(void) {
    printf("%d %d %d\n", large_data[0], large_bss[99999], small);
    return 0;
}
