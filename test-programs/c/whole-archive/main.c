// --whole-archive extracts all members, --push-state and --pop-state confine it; -u extracts one.
// gild-test: archive liball.a = registered.c
// gild-test: archive libnone.a = unneeded.c
// gild-test: archive libwanted.a = wanted.c
// gild-test: inputs = main.o -Wl,--push-state,--whole-archive liball.a -Wl,--pop-state libnone.a libwanted.a -Wl,-u,wanted
// gild-test: stdout = registered 1
// gild-test: present = wanted
// gild-test: absent = unneeded
#include <stdio.h>

int registrations;

int main(void) {
    printf("registered %d\n", registrations);
    return 0;
}
