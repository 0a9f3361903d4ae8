#include "shared.h"

const char *other_narrow(void) { return "the same narrow text"; }
const char16_t *other_wide16(void) { return u"the same 16-bit text"; }
const char32_t *other_wide32(void) { return U"the same 32-bit text"; }
double other_double(double x) { return x * 1234.5678; }
