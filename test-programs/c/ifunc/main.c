// One canonical address for an ifunc, however it is taken; never-used ones cost nothing.
// gild-test: libc = glibc
// In static-PIE, GNU ld 2.40 gives one function several addresses.
// gild-test: skip ld = glibc/pie
// gild-test: variant plain =
// gild-test: variant pic = -fPIC
// gild-test: variant noplt = -fPIC -fno-plt
// gild-test: variant gc = -ffunction-sections -fdata-sections | -Wl,--gc-sections
// gild-test: stdout = 42 42 42 42
// gild-test: stdout = equal equal equal equal
#include "shared.h"
#include <stdio.h>

int (*in_data)(void) = chosen;
int (*const volatile in_rodata)(void) = chosen;

int main(void) {
    printf("%d %d %d %d\n", chosen(), in_data(), from_other()(), call_hidden());
    int (*volatile here)(void) = chosen;
    printf("%s ", here == from_other() ? "equal" : "DIFFERENT");
    printf("%s ", in_data == here && in_rodata == here ? "equal" : "DIFFERENT");
    printf("%s ", is_chosen(here) ? "equal" : "DIFFERENT");
    printf("%s\n", hidden_is_hidden() ? "equal" : "DIFFERENT");
    return 0;
}
