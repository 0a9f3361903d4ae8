// Buffered and formatted output, and files in memory.
// gild-test: stdout = 42 -7 0x2a 3.141590 str c
// gild-test: stdout = scanned 17 and 2.500
// gild-test: stdout = memstream: one two (7)
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    printf("%d %i 0x%x %f %s %c\n", 42, -7, 42, 3.14159, "str", 'c');
    int whole;
    double real;
    if (sscanf("17 2.5", "%d %lf", &whole, &real) != 2) return 1;
    printf("scanned %d and %.3f\n", whole, real);
    char *text;
    size_t size;
    FILE *memory = open_memstream(&text, &size);
    fprintf(memory, "one %s", "two");
    fclose(memory);
    printf("memstream: %s (%zu)\n", text, size);
    free(text);
    return fflush(stdout);
}
