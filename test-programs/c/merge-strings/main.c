// Equal strings of 1, 2 and 4 bytes a character become one, across objects; constants too; references
// by section symbol plus addend still find their text.
// gild-test: cflags = -fmerge-all-constants
// gild-test: variant O0 = | -Wl,-O0
// gild-test: variant O1 = | -Wl,-O1
// gild-test: variant O2 = | -Wl,-O2
// gild-test: variant gc = -fdata-sections -ffunction-sections | -Wl,--gc-sections
// gild-test: stdout = narrow wide16 wide32 double
// gild-test: stdout = shared prefix / prefix / ix
#include "shared.h"
#include <stdio.h>
#include <string.h>

const char *narrow(void) { return "the same narrow text"; }
const char16_t *wide16(void) { return u"the same 16-bit text"; }
const char32_t *wide32(void) { return U"the same 32-bit text"; }
const char *volatile whole = "shared prefix";
const char *volatile tail = "prefix";
const char *volatile shorter = "ix";

int main(void) {
    printf("%s ", strcmp(narrow(), other_narrow()) ? "WRONG" : "narrow");
    printf("%s ", memcmp(wide16(), other_wide16(), 42) ? "WRONG" : "wide16");
    printf("%s ", memcmp(wide32(), other_wide32(), 84) ? "WRONG" : "wide32");
    printf("%s\n", other_double(2) == 2 * 1234.5678 ? "double" : "WRONG");
    printf("%s / %s / %s\n", whole, tail, shorter);
    return 0;
}
