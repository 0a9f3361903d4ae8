// --no-relax keeps GOT loads; what correctness needs is still done.
// The peers keep a GOT load that rcrt1.o does before it has relocated the GOT.
// gild-test: skip ld = glibc/pie
// gild-test: skip lld = glibc/pie
// gild-test: cflags = -fPIC
// gild-test: link = -Wl,--no-relax
// gild-test: stdout = 5 7
#include <stdio.h>

extern int elsewhere;
int function(int);
__thread int counter = 5;

int main(void) {
    printf("%d %d\n", counter, function(elsewhere));
    return 0;
}
