// foo@@V defines foo; foo@V does not.
// gild-test: peers = lld
// gild-test: stdout = default
#include <stdio.h>

const char *versioned(void);

int main(void) {
    puts(versioned());
    return 0;
}
