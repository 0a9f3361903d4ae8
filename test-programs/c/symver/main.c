// foo@@V defines foo; foo@V does not.
// Each linker spells versions in .symtab in its own way.
// gild-test: compare = no
// gild-test: stdout = default
#include <stdio.h>

const char *versioned(void);

int main(void) {
    puts(versioned());
    return 0;
}
