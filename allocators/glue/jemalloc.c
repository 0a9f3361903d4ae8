/* What jemalloc's archive lacks, linked into one object with it (`-r`): safety under fork in the
 * right order, and the rest of the family.
 *
 * jemalloc is configured without pthread_atfork(); these are the handlers it would register, with
 * the prefix of its private names.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "fork.h"

void gild_je_jemalloc_prefork(void);
void gild_je_jemalloc_postfork_parent(void);
void gild_je_jemalloc_postfork_child(void);

static void gild_fork_prepare(void) { gild_je_jemalloc_prefork(); }
static void gild_fork_parent(void) { gild_je_jemalloc_postfork_parent(); }
static void gild_fork_child(void) { gild_je_jemalloc_postfork_child(); }

void* reallocarray(void* p, size_t count, size_t size);
void* reallocarray(void* p, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(p, total);
}

/* jemalloc defines pvalloc where the libc it is built for declares it. */
#ifndef __GLIBC__
void* memalign(size_t alignment, size_t size);
void* pvalloc(size_t size);
void* pvalloc(size_t size) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t rounded;
    if (__builtin_add_overflow(size, page - 1, &rounded)) {
        errno = ENOMEM;
        return NULL;
    }
    return memalign(page, rounded & ~(page - 1));
}
#endif
