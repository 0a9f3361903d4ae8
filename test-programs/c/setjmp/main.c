// gild-test: stdout = set 3 back
#include <setjmp.h>
#include <stdio.h>

static jmp_buf place;
static void __attribute__((noinline)) deep(int levels) {
    if (levels == 0) longjmp(place, 3);
    deep(levels - 1);
}

int main(void) {
    int value = setjmp(place);
    if (value == 0) {
        printf("set ");
        deep(10);
    }
    printf("%d back\n", value);
    return 0;
}
