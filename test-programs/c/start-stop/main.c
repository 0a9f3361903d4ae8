// __start_SEC and __stop_SEC enclose all entries of a section, and keep them alive under --gc-sections.
// lld has -z start-stop-gc on by default, GNU ld and gild have not (asm/gc-roots).
// gild-test: variant plain =
// gild-test: variant gc = -fdata-sections -ffunction-sections | -Wl,--gc-sections,-z,nostart-stop-gc
// gild-test: stdout = sum 111 of 3
// gild-test: stdout = empty absent
#include <stdio.h>

#define ENTRY __attribute__((section("my_entries"), used)) static const int
extern const int __start_my_entries[], __stop_my_entries[];
extern const int __start_nothing_here[] __attribute__((weak));
extern const int __stop_nothing_here[] __attribute__((weak));

ENTRY one = 1;
ENTRY ten = 10;

int main(void) {
    int sum = 0, count = 0;
    for (const int *entry = __start_my_entries; entry < __stop_my_entries; entry++) {
        sum += *entry;
        count++;
    }
    printf("sum %d of %d\n", sum, count);
    printf("empty %s\n", __start_nothing_here == __stop_nothing_here ? "absent" : "WRONG");
    return 0;
}
