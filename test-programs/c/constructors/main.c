// Order of constructors and destructors: by priority, then by input; destructors the other way round.
// gild-test: stdout = c101 c102 c500 a-plain b-plain
// gild-test: stdout = main
// gild-test: stdout = atexit
// gild-test: stdout = b-plain a-plain d500 d102 d101
// gild-test: inputs = main.o a.o b.o
// gild-test: variant plain =
// gild-test: variant gc = -ffunction-sections -fdata-sections | -Wl,--gc-sections
#include <stdio.h>
#include <stdlib.h>

static void say(const char *text) { printf("%s", text); }

__attribute__((constructor(500))) static void c500(void) { say("c500 "); }
__attribute__((constructor(101))) static void c101(void) { say("c101 "); }
__attribute__((destructor(101))) static void d101(void) { say("d101\n"); fflush(stdout); }
__attribute__((destructor(500))) static void d500(void) { say("d500 "); }

static void bye(void) { say("atexit\n"); }

int main(void) {
    atexit(bye);
    say("main\n");
    return 0;
}
