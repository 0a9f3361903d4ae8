// One canonical address for an ifunc, however it is taken; never-used ones cost nothing.
// gild-test: libc = glibc
// In static-PIE, GNU ld 2.40 gives one function several addresses; lld 19 does where absolute and
// GOT references meet.
// gild-test: skip ld = glibc/pie/gcc
// gild-test: skip lld = glibc/exec/clang
// gild-test: variant plain =
// gild-test: variant pic = -fPIC
// gild-test: variant noplt = -fPIC -fno-plt
// gild-test: variant gc = -ffunction-sections -fdata-sections | -Wl,--gc-sections
// gild-test: stdout = 42 42 42 42
// gild-test: stdout = equal equal equal
#include "shared.h"
#include <stdio.h>

static int real(void) { return 42; }
static int (*resolve(void))(void) { return real; }

int chosen(void) __attribute__((ifunc("resolve")));
static int hidden(void) __attribute__((ifunc("resolve")));
int unused(void) __attribute__((ifunc("resolve")));

int (*in_data)(void) = chosen;
int (*const in_rodata)(void) = chosen;
static int (*hidden_in_data)(void) = hidden;

int main(void) {
    printf("%d %d %d %d\n", chosen(), in_data(), from_other()(), hidden());
    int (*volatile here)(void) = chosen;
    printf("%s ", here == from_other() ? "equal" : "DIFFERENT");
    printf("%s ", in_data == here && in_rodata == here ? "equal" : "DIFFERENT");
    printf("%s\n", hidden_in_data == hidden && is_chosen(here) ? "equal" : "DIFFERENT");
    return 0;
}
