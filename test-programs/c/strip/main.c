// -s, -S, -x and -X take symbols and debug information away, never the program.
// gild-test: variant all = | -Wl,-s
// gild-test: variant debug = | -Wl,-S
// gild-test: variant locals = | -Wl,-x
// gild-test: variant temporaries = | -Wl,-X
// gild-test: stdout = still here 3
#include <stdio.h>

static __attribute__((noinline)) int local(int x) { return x + 1; }
int (*volatile pointer)(int) = local;

int main(void) {
    printf("still here %d\n", pointer(2));
    return 0;
}
