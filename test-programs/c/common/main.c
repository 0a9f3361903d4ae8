// Common symbols: the largest size and alignment win, a definition beats them, an archive member that
// defines one is extracted only for undefined references.
// gild-test: cflags = -fcommon
// gild-test: archive libtentative.a = member.c
// gild-test: inputs = main.o other.o libtentative.a
// gild-test: value size(grows) = 4096
// gild-test: value size(aligned) = 8
// gild-test: stdout = 0 77 aligned grown
#include <stdint.h>
#include <stdio.h>

int zero;
int defined_elsewhere;
char grows[4];
char aligned[3];
int tentative_here;

int grown(void);

int main(void) {
    printf("%d %d ", zero + tentative_here, defined_elsewhere);
    printf("%s ", (uintptr_t)aligned % 64 == 0 ? "aligned" : "WRONG");
    printf("%s\n", grown() ? "grown" : "WRONG");
    return 0;
}
