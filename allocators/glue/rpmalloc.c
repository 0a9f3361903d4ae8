/* rpmalloc as one object: its source, the malloc family, and the initialisation that it expects
 * from its user.
 *
 * rpmalloc wants rpmalloc_initialize() before use and rpmalloc_thread_initialize() in every thread;
 * its own override gets the second by interposing pthread_create through dlsym(RTLD_NEXT), which
 * means nothing in a static program. Nothing needs to be interposed: a thread is initialised by its
 * first allocation and finalised by the destructor of a pthread key. free() needs neither, because
 * a block is returned to the heap that its span names.
 */

/* Refuse sizes that overflow; off by default upstream. */
#define ENABLE_VALIDATE_ARGS 1
#include <rpmalloc.c> /* the source, not this file: not in quotes */

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

static pthread_once_t gild_once = PTHREAD_ONCE_INIT;
static pthread_key_t gild_key;

static void gild_thread_end(void* heap) {
    (void)heap;
    rpmalloc_thread_finalize(1);
}

static void gild_process_start(void) {
    rpmalloc_initialize();
    pthread_key_create(&gild_key, &gild_thread_end);
}

/* A destructor of another key that allocates after gild_thread_end() comes through here again, and
 * the destructor with it: pthread repeats the round (PTHREAD_DESTRUCTOR_ITERATIONS). */
static __attribute__((noinline)) int gild_thread_start(void) {
    pthread_once(&gild_once, &gild_process_start);
    rpmalloc_thread_initialize();
    if (get_thread_heap_raw() == NULL) {
        errno = ENOMEM;
        return 0;
    }
    pthread_setspecific(gild_key, get_thread_heap_raw());
    return 1;
}

/* Before other constructors, so that the key is one of those for which libc needs no memory. */
__attribute__((constructor(101))) static void gild_start(void) { gild_thread_start(); }

static inline int gild_ready(void) {
    return __builtin_expect(get_thread_heap_raw() != NULL, 1) || gild_thread_start();
}

/* rpmalloc says EINVAL for sizes that can't be had; the C library's functions say ENOMEM. */
static inline void* gild_block(void* block) {
    if (__builtin_expect(block == NULL, 0)) errno = ENOMEM;
    return block;
}

static int gild_is_power_of_two(size_t n) { return n != 0 && (n & (n - 1)) == 0; }

#define GILD_API __attribute__((visibility("default")))

GILD_API void* malloc(size_t size) { return gild_ready() ? gild_block(rpmalloc(size)) : NULL; }

GILD_API void free(void* p) {
    if (p != NULL) rpfree(p);
}

GILD_API void* calloc(size_t count, size_t size) {
    return gild_ready() ? gild_block(rpcalloc(count, size)) : NULL;
}

GILD_API void* realloc(void* p, size_t size) {
    return gild_ready() ? gild_block(rprealloc(p, size)) : NULL;
}

GILD_API void* reallocarray(void* p, size_t count, size_t size);
GILD_API void* reallocarray(void* p, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) return gild_block(NULL);
    return realloc(p, total);
}

/* rpmalloc's limit: alignments up to half a span, 32 KiB. */
GILD_API void* aligned_alloc(size_t alignment, size_t size) {
    if (!gild_is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return gild_ready() ? gild_block(rpaligned_alloc(alignment, size)) : NULL;
}

GILD_API void* memalign(size_t alignment, size_t size);
GILD_API void* memalign(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }

GILD_API int posix_memalign(void** out, size_t alignment, size_t size) {
    if (!gild_is_power_of_two(alignment) || alignment % sizeof(void*) != 0) return EINVAL;
    const int saved = errno; /* POSIX: the error is returned, errno is not for it */
    void* const block = aligned_alloc(alignment, size);
    errno = saved;
    if (block == NULL) return ENOMEM;
    *out = block;
    return 0;
}

GILD_API void* valloc(size_t size);
GILD_API void* valloc(size_t size) {
    return gild_ready() ? aligned_alloc(_memory_page_size, size) : NULL;
}

GILD_API void* pvalloc(size_t size);
GILD_API void* pvalloc(size_t size) {
    size_t rounded;
    if (!gild_ready()) return NULL;
    if (__builtin_add_overflow(size, _memory_page_size - 1, &rounded)) return gild_block(NULL);
    return aligned_alloc(_memory_page_size, rounded & ~(_memory_page_size - 1));
}

GILD_API size_t malloc_usable_size(void* p);
GILD_API size_t malloc_usable_size(void* p) { return rpmalloc_usable_size(p); }

/* For tests: whether `p` points into rpmalloc's heap, by the span that would own it. mincore()
 * first: the span of a foreign pointer may not be mapped. */
GILD_API int gild_allocator_owns(const void* p);
GILD_API int gild_allocator_owns(const void* p) {
    const span_t* const span = (const span_t*)((uintptr_t)p & _memory_span_mask);
    unsigned char resident;
    if (span == NULL || mincore((void*)(uintptr_t)span, _memory_page_size, &resident) != 0) return 0;
    for (size_t i = 0; i < HEAP_ARRAY_SIZE; i++)
        for (const heap_t* heap = _memory_heaps[i]; heap != NULL; heap = heap->next_heap)
            if (span->heap == heap) return 1;
    return 0;
}

#include "fork.h"

static int gild_try(atomic32_t* lock) { return atomic_cas32_acquire(lock, 1, 0); }
static void gild_release(atomic32_t* lock) { atomic_store32_release(lock, 0); }

/* All or none, and again: rpmalloc documents no order among its locks. */
static void gild_fork_prepare(void) {
    for (;;) {
        size_t taken = 0;
        while (taken < LARGE_CLASS_COUNT && gild_try(&_memory_span_cache[taken].lock)) taken++;
        if (taken == LARGE_CLASS_COUNT && gild_try(&_memory_global_lock)) return;
        while (taken > 0) gild_release(&_memory_span_cache[--taken].lock);
        sched_yield();
    }
}

static void gild_fork_parent(void) {
    gild_release(&_memory_global_lock);
    for (size_t i = 0; i < LARGE_CLASS_COUNT; i++) gild_release(&_memory_span_cache[i].lock);
}

static void gild_fork_child(void) { gild_fork_parent(); }
