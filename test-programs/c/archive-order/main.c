// An archive may stand before its users, and two archives may need each other: order decides who wins,
// not who is seen. GNU ld reads archives once, in order.
// gild-test: archive liba.a = a.c
// gild-test: archive libb.a = b.c c.c
// gild-test: inputs = liba.a libb.a main.o
// gild-test: peers = lld
// gild-test: stdout = 3 from liba
#include <stdio.h>

int a(int);
const char *both(void);

int main(void) {
    printf("%d %s\n", a(3), both());
    return 0;
}
