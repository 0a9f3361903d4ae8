// .tbss without .tdata, right before a section that must not move because of it.
// gild-test: stdout = 0 7 12345
#include <stdio.h>

__thread int zero[1000];
int data = 12345;

int main(void) {
    printf("%d ", zero[999]);
    zero[0] = 7;
    printf("%d %d\n", zero[0], data);
    return 0;
}
