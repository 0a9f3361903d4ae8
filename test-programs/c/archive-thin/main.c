// Two members of one name, one of which is needed by the other; unneeded ones stay out.
// gild-test: thin libpair.a = first/same.c second/same.c unneeded.c a_rather_long_member_name.c
// gild-test: stdout = 12 long
// gild-test: absent = nobody_wants_this
#include <stdio.h>

int first(void);
const char *from_long_name(void);

int main(void) {
    printf("%d %s\n", first(), from_long_name());
    return 0;
}
