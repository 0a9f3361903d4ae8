// gild-test: exit = 7
// gild-test: stdout = leaving
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    puts("leaving");
    exit(7);
}
