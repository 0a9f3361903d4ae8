/* What glibc declares beside the malloc family, in a member of its own: it is extracted only if
 * the program asks for one of these, and then keeps libc's malloc.o out of the link.
 *
 * The recipe defines GILD_TRIM (code that returns unused memory to the system) and GILD_STATS
 * (code that prints statistics to standard error), each empty where the allocator has none.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>

GILD_PROTOTYPES

/* M_MMAP_THRESHOLD and its like describe glibc's heap: 0 is "not accepted" (mallopt(3)). */
int mallopt(int parameter, int value) {
    (void)parameter;
    (void)value;
    return 0;
}

/* 1 is "some memory was released", which the allocators don't tell: the honest answer is 0. */
int malloc_trim(size_t pad) {
    (void)pad;
    GILD_TRIM;
    return 0;
}

void malloc_stats(void) { GILD_STATS; }

/* An empty document of the documented kind: the content is glibc's internals. */
int malloc_info(int options, FILE* stream) {
    if (options != 0) return EINVAL;
    return fputs("<malloc version=\"1\">\n</malloc>\n", stream) < 0 ? errno : 0;
}

/* Counters of glibc's arenas, of which there are none. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
struct mallinfo mallinfo(void) {
    const struct mallinfo none = {0};
    return none;
}

/* glibc 2.33 and later. */
#if __GLIBC__ > 2 || __GLIBC_MINOR__ >= 33
struct mallinfo2 mallinfo2(void) {
    const struct mallinfo2 none = {0};
    return none;
}
#endif
