// Symbols that the linker defines where they are referenced, in their order.
// gild-test: stdout = code data bss end header aliases
#include <stdio.h>

extern char __executable_start[], etext[], _etext[], edata[], _edata[], end[], _end[];
extern char __bss_start[], __ehdr_start[];
static int initialised = 1, zero;

int main(void) {
    char *code = (char *)main, *data = (char *)&initialised, *bss = (char *)&zero;
    printf("%s ", __executable_start < code && code < etext ? "code" : "WRONG");
    printf("%s ", etext <= data && data < edata ? "data" : "WRONG");
    printf("%s ", edata <= __bss_start && __bss_start <= bss ? "bss" : "WRONG");
    printf("%s ", bss < end ? "end" : "WRONG");
    printf("%s ", __ehdr_start[1] == 'E' ? "header" : "WRONG");
    printf("%s\n", etext == _etext && edata == _edata && end == _end ? "aliases" : "WRONG");
    return 0;
}
