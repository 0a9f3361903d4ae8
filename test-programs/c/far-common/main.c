// A variable behind 3 GiB of zeros: a lea doesn't reach it, its GOT load does. The start-up code of a
// static-PIE, which runs before the GOT is relocated, calls and loads functions directly all the same.
// glibc has common symbols of its own. lld leaves the program's where its object stands, so that libc.a's
// variables are out of reach; GNU ld 2.40 fails to convert the load.
// gild-test: libc = musl
// gild-test: output = pie
// gild-test: peers = ld
// gild-test: skip ld = *
// gild-test: cflags = -fPIC -fcommon
// gild-test: stdout = 7
#include <stdio.h>

char big[3ul << 30];
int last;

// Common symbols stand in the order in which the object mentions them.
char *mentioned_first(void) { return big; }

int main(void) {
    last = 7;
    printf("%d\n", last + mentioned_first()[0]);
    return 0;
}
