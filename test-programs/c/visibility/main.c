// The most constraining visibility of all mentions wins; hidden, protected and internal all link.
// gild-test: stdout = 1 2 3
#include <stdio.h>

__attribute__((visibility("hidden"))) int hidden(void);
__attribute__((visibility("protected"))) int guarded(void);
__attribute__((visibility("internal"))) extern int inside;

int main(void) {
    printf("%d %d %d\n", hidden(), guarded(), inside);
    return 0;
}
