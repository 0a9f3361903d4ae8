// glibc's own ifuncs (memcpy, strlen, strchr …) behind ordinary calls and behind pointers.
// gild-test: stdout = 1 2 3 5 8 13
// gild-test: stdout = abc 3 c
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

size_t (*volatile length)(const char *) = strlen;
void *(*volatile copy)(void *, const void *, size_t) = memcpy;

int main(void) {
    int numbers[] = {13, 5, 1, 8, 3, 2};
    qsort(numbers, 6, sizeof *numbers, ascending);
    for (int i = 0; i < 6; i++) printf("%d%c", numbers[i], i == 5 ? '\n' : ' ');
    char buffer[8];
    copy(buffer, "abc", 4);
    printf("%s %zu %s\n", buffer, length(buffer), strchr(buffer, 'c'));
    return 0;
}
