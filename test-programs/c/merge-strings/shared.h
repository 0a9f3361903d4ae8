#include <uchar.h>
const char *other_narrow(void);
const char16_t *other_wide16(void);
const char32_t *other_wide32(void);
double other_double(double);
