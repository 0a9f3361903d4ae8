// --wrap: references to f become __wrap_f, references to __real_f become f; definitions stay.
// gild-test: link = -Wl,--wrap=measure -Wl,--wrap=malloc
// gild-test: stdout = wrapped 21 mallocs yes
#include <stdio.h>
#include <stdlib.h>

int measure(int);
int __real_measure(int);
int __wrap_measure(int x) { return __real_measure(x) + 1; }

static int mallocs;
void *__real_malloc(size_t);
void *__wrap_malloc(size_t size) {
    mallocs++;
    return __real_malloc(size);
}

int main(void) {
    void *volatile block = malloc(10);
    free(block);
    printf("wrapped %d mallocs %s\n", measure(10), mallocs ? "yes" : "no");
    return 0;
}
