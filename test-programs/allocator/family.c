/* Every function of the malloc family: what it promises, and that the provider answers it. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <unistd.h>

#include "provider.h"

/* musl declares neither; the family has both. */
void* reallocarray(void*, size_t, size_t);
void* pvalloc(size_t);

static const size_t SIZES[] = {0, 1, 7, 8, 15, 16, 17, 24, 100, 1000, 4095, 4096, 4097, 65536,
                               1 << 20, (4 << 20) + 3, 40 << 20};
/* More than there is, and a count whose fourfold is 0: volatile, or the compiler knows. */
static volatile size_t too_much = PTRDIFF_MAX, too_many = SIZE_MAX / 4 + 1;
#define EACH_SIZE(n) for (const size_t* n = SIZES; n < SIZES + sizeof SIZES / sizeof *SIZES; n++)

static int aligned(const void* p, size_t alignment) { return (uintptr_t)p % alignment == 0; }

static int is_byte(const unsigned char* p, unsigned char byte, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (p[i] != byte) return 0;
    return 1;
}

/* Every block may be written to up to the size that malloc_usable_size tells. */
static void use(void* p, size_t size) {
    CHECK_OWNED(p);
    CHECK(malloc_usable_size(p) >= size);
    memset(p, 0xa5, malloc_usable_size(p));
}

static void plain(void) {
    void* blocks[sizeof SIZES / sizeof *SIZES];
    size_t count = 0;
    EACH_SIZE(n) {
        void* p = blocks[count++] = seen(malloc(*n));
        CHECK(aligned(p, *n < 16 ? 8 : 16));
        use(p, *n);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) CHECK(blocks[i] != blocks[j]);
    while (count > 0) free(blocks[--count]);
    free(NULL);
    CHECK(malloc_usable_size(NULL) == 0);
    errno = 0;
    CHECK(seen(malloc(too_much)) == NULL && errno == ENOMEM);
    ok("malloc");
}

static void zeroed(void) {
    for (int round = 0; round < 3; round++) {
        EACH_SIZE(n) {
            unsigned char* p = seen(calloc(1, *n));
            CHECK_OWNED(p);
            CHECK(is_byte(p, 0, *n));
            use(p, *n); /* dirty for the next round */
            free(p);
        }
    }
    errno = 0;
    CHECK(seen(calloc(too_many, 4)) == NULL && errno == ENOMEM);
    ok("calloc");
}

static void grown(void) {
    unsigned char* p = seen(realloc(NULL, 1));
    *p = 1;
    size_t size = 1;
    while (size < (64u << 20)) {
        const size_t more = size + size / 3 + 1;
        p = seen(realloc(p, more));
        CHECK_OWNED(p);
        CHECK(is_byte(p, 1, size));
        memset(p + size, 1, more - size);
        size = more;
    }
    for (; size > 1; size = size / 3 + 1) {
        p = seen(realloc(p, size / 3 + 1));
        CHECK_OWNED(p);
        CHECK(is_byte(p, 1, size / 3 + 1));
        if (size == 2) break;
    }
    errno = 0;
    unsigned char* const kept = seen(p); /* the compiler thinks that it is gone */
    CHECK(seen(realloc(p, too_much)) == NULL && errno == ENOMEM);
    CHECK(*kept == 1);
    free(kept);
    ok("realloc");

    p = seen(reallocarray(NULL, 10, 10));
    use(p, 100);
    p = seen(reallocarray(p, 100, 100));
    CHECK_OWNED(p);
    CHECK(is_byte(p, 0xa5, 100));
    errno = 0;
    unsigned char* const still = seen(p);
    CHECK(seen(reallocarray(p, too_many, 4)) == NULL && errno == ENOMEM);
    free(still);
    ok("reallocarray");
}

static void* posix(size_t alignment, size_t size) {
    void* p = NULL;
    errno = 77;
    const int error = posix_memalign(&p, alignment, size);
    CHECK(error == 0 || error == ENOMEM);
    return error == 0 ? p : NULL;
}

static void alignment(const char* name, void* (*get)(size_t, size_t)) {
    for (size_t align = sizeof(void*); align <= (1 << 20); align *= 2) {
        for (size_t size = align; size <= align * 64 && size < (8 << 20); size *= 4) {
            void* p = seen(get(align, size));
            /* rpmalloc's documented limit is half a span. */
            if (p == NULL && align > (32 << 10) && provider_is("rpmalloc")) continue;
            CHECK(aligned(p, align));
            use(p, size);
            p = seen(realloc(p, size * 2));
            CHECK_OWNED(p);
            CHECK(is_byte(p, 0xa5, size));
            free(p);
        }
    }
    ok(name);
}

static void pages(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void* p = seen(valloc(100));
    CHECK(aligned(p, page));
    use(p, 100);
    free(p);
    ok("valloc");
#if defined(__GLIBC__) || defined(HAVE_PVALLOC)
    p = seen(pvalloc(100));
    CHECK(aligned(p, page));
    use(p, page);
    free(p);
    ok("pvalloc");
#endif
}

/* glibc's own, about its own heap: with another provider they must still be there and do no harm. */
static void extras(void) {
#ifdef __GLIBC__
    void* keep = seen(malloc(1000));
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
    (void)malloc_trim(0);
    const struct mallinfo2 info = mallinfo2();
    if (provider_is("libc")) CHECK(info.uordblks + info.hblkhd > 0);
    malloc_stats();
    char* text = NULL;
    size_t size = 0;
    FILE* stream = open_memstream(&text, &size);
    CHECK(malloc_info(0, stream) == 0);
    fclose(stream);
    CHECK(strncmp(text, "<malloc version=\"1\">", 20) == 0);
    CHECK_OWNED(text);
    free(text);
    use(keep, 1000);
    free(keep);
    ok("glibc extras");
#endif
}

int main(int argc, char** argv) {
    provider_begin(argc, argv);
    plain();
    zeroed();
    grown();
    alignment("aligned_alloc", aligned_alloc);
    alignment("memalign", memalign);
    alignment("posix_memalign", posix);
    void* p = NULL;
    CHECK(posix_memalign(&p, 3, 8) == EINVAL);
    CHECK(posix_memalign(&p, 2, 8) == EINVAL);
    pages();
    extras();
    ok("family");
    return 0;
}
