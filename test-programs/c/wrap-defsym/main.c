// What --defsym refers to is a reference like any other for --wrap, wherever the two stand.
// gild-test: link = -Wl,--defsym=outer=measure -Wl,--wrap=measure -Wl,--defsym=inner=__real_measure
// gild-test: stdout = outer 21 inner 20
#include <stdio.h>

int __real_measure(int);
int outer(int);
int inner(int);
int __wrap_measure(int x) { return __real_measure(x) + 1; }

int main(void) {
    printf("outer %d inner %d\n", outer(10), inner(10));
    return 0;
}
