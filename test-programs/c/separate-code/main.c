// The -z options of segments: all of them give a program that runs.
// gild-test: variant separate = | -Wl,-z,separate-code
// gild-test: variant noseparate = | -Wl,-z,noseparate-code
// gild-test: variant now = | -Wl,-z,now
// gild-test: variant norelro = | -Wl,-z,norelro
// gild-test: variant relro = | -Wl,-z,relro
// gild-test: variant stack = | -Wl,-z,stack-size=1048576
// gild-test: variant page = | -Wl,-z,max-page-size=65536
// gild-test: stdout = runs
#include <stdio.h>

int main(void) {
    puts("runs");
    return 0;
}
