/* The functions that a partial allocator gets from the linker, each called for what its standard or
 * manual promises. -DALIGNED adds those that take an alignment. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Not every C library declares them all. */
void cfree(void*);
void free_sized(void*, size_t);
void free_aligned_sized(void*, size_t, size_t);
void* reallocarray(void*, size_t, size_t);
void* memalign(size_t, size_t);
void* valloc(size_t);
void* pvalloc(size_t);
int partial_owns(const void*);

#define CHECK(condition)                                               \
    do {                                                               \
        if (!(condition)) {                                            \
            printf("FAILED line %d: %s\n", __LINE__, #condition);      \
            return 1;                                                  \
        }                                                              \
    } while (0)

/* Volatile, or the compiler warns of what it computes. */
static volatile size_t half = SIZE_MAX / 2 + 1, too_much = SIZE_MAX / 4;

static int all(const unsigned char* p, unsigned char byte, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (p[i] != byte) return 0;
    return 1;
}

static int sized(void) {
    for (size_t size = 1; size < 100000; size = size * 3 + 1) {
        unsigned char* dirty = malloc(size * 8);
        CHECK(dirty != NULL);
        memset(dirty, 0xa5, size * 8);
        free(dirty);
        unsigned char* clean = calloc(size, 8);
        CHECK(clean == dirty); /* recycled */
        CHECK(all(clean, 0, size * 8));
        cfree(clean);
    }
    errno = 0;
    CHECK(calloc(half, 2) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(calloc(2, half) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(calloc(too_much, 2) == NULL && errno == ENOMEM);
    unsigned char* p = reallocarray(NULL, 10, 10);
    CHECK(partial_owns(p));
    memset(p, 7, 100);
    p = reallocarray(p, 100, 10);
    CHECK(partial_owns(p) && all(p, 7, 100));
    errno = 0;
    CHECK(reallocarray(p, half, 2) == NULL && errno == ENOMEM);
    CHECK(all(p, 7, 100)); /* still there */
    free_sized(p, 1000);
    CHECK(malloc(1000) == p);
    free_aligned_sized(p, 16, 1000);
    CHECK(malloc(1000) == p);
    cfree(p);
    CHECK(malloc(1000) == p);
    free(NULL);
    cfree(NULL);
    free_sized(NULL, 0);
    return 0;
}

#ifdef ALIGNED
static int aligned(void* p, size_t alignment) {
    return partial_owns(p) && (uintptr_t)p % alignment == 0;
}

static int with_alignment(void) {
    for (size_t alignment = 1; alignment <= 16384; alignment *= 2) {
        for (size_t size = 1; size < 20000; size = size * 5 + 2) {
            /* memalign takes any size, aligned_alloc at least multiples. */
            void* p = memalign(alignment, size);
            CHECK(aligned(p, alignment));
            memset(p, 1, size);
            free(p);
            p = aligned_alloc(alignment, size * alignment % (1 << 18));
            CHECK(aligned(p, alignment));
            free(p);
            if (alignment < sizeof p) continue;
            p = NULL;
            CHECK(posix_memalign(&p, alignment, size) == 0 && aligned(p, alignment));
            free(p);
        }
    }
    errno = 0;
    CHECK(memalign(64, too_much) == NULL && errno == ENOMEM);
    CHECK(memalign(64, SIZE_MAX - 3) == NULL);
    errno = 0;
    CHECK(aligned_alloc(64, half) == NULL && errno == ENOMEM);
    void* p = &errno;
    CHECK(posix_memalign(&p, 3, 8) == EINVAL);
    CHECK(posix_memalign(&p, 0, 8) == EINVAL);
    CHECK(posix_memalign(&p, 4, 8) == EINVAL);
    CHECK(posix_memalign(&p, 24, 8) == EINVAL);
    CHECK(posix_memalign(&p, 64, too_much) == ENOMEM);
    CHECK(p == &errno); /* left alone */
    return 0;
}

static int pages(void) {
    unsigned char* p = valloc(100);
    CHECK(aligned(p, 4096));
    memset(p, 1, 100);
    free(p);
    p = pvalloc(4097);
    CHECK(aligned(p, 4096));
    unsigned char* const after = malloc(1);
    CHECK(after >= p + 8192 || after < p); /* whole pages */
    memset(p, 1, 8192);
    free(p);
    p = pvalloc(8192);
    CHECK(aligned(p, 4096));
    free(p);
    CHECK(pvalloc(SIZE_MAX - 10) == NULL);
    CHECK(valloc(SIZE_MAX - 10) == NULL);
    return 0;
}
#endif

int main(void) {
    if (sized() != 0) return 1;
#ifdef ALIGNED
    if (with_alignment() != 0 || pages() != 0) return 1;
#endif
    puts("ok completed");
    return 0;
}
