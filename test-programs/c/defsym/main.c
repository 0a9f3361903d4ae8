// --defsym: absolute numbers, other names, sums.
// gild-test: link = -Wl,--defsym=answer=0x2a -Wl,--defsym=alias=original -Wl,--defsym=second=numbers+4
// gild-test: stdout = original 20
// gild-test: value answer = 42
// gild-test: value second = numbers + 4
// gild-test: value alias = original
#include <stdio.h>

int alias(void);
extern int second;
int numbers[2] = {10, 20};
int original(void) { return printf("original "); }

int main(void) {
    alias();
    printf("%d\n", second);
    return 0;
}
