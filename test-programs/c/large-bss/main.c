// 600 MB of zeros take no room in the file; what lies behind is still reached.
// gild-test: stdout = 0 5 6
#include <stdio.h>

static char before = 5;
char huge[600l << 20];
char after[16];

int main(void) {
    after[15] = 6;
    huge[(600l << 20) - 1] = 1;
    printf("%d %d %d\n", huge[300l << 20], before, after[15]);
    return 0;
}
