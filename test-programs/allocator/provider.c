/* The questions of provider.h as functions, for Rust, and a C half for the mixed program. */
#include "provider.h"

const char* test_provider_name(void) { return provider_name(); }
int test_provider_owns(const void* p) { return provider_owns(p); }

/* A block from C's malloc, for Rust to free, and the other way round. */
char* test_make(size_t size) {
    char* p = malloc(size);
    if (p != NULL) memset(p, 'c', size);
    return p;
}

void test_drop(char* p) { free(p); }
