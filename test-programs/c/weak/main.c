// Strong beats weak wherever it stands; weak undefined is 0, in a static-PIE too; a weak reference
// extracts nothing from an archive.
// gild-test: archive libmember.a = member.c
// gild-test: inputs = main.o weak.o strong.o libmember.a
// gild-test: stdout = strong weak-only absent 0 0 0
// gild-test: absent = only_in_archive
#include <stdio.h>

const char *choice(void);
const char *only_weak(void);
extern int missing(void) __attribute__((weak));
extern int missing_data __attribute__((weak));
extern int only_in_archive(void) __attribute__((weak));

// Through memory, so that no compiler decides at compile time.
int (*volatile in_data)(void) = missing;

int main(void) {
    printf("%s %s ", choice(), only_weak());
    printf("%s ", missing ? "present" : "absent");
    printf("%d %d %d\n", in_data != 0, &missing_data != 0, only_in_archive != 0);
    return 0;
}
