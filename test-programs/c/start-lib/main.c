// Objects between --start-lib and --end-lib act as members of an archive.
// gild-test: inputs = main.o -Wl,--start-lib needed.o unneeded.o -Wl,--end-lib always.o
// gild-test: peers = lld
// gild-test: stdout = needed
// gild-test: absent = unneeded
// gild-test: present = always_there
#include <stdio.h>

const char *needed(void);

int main(void) {
    puts(needed());
    return 0;
}
