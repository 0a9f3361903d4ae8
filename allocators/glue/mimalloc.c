/* mimalloc, versions 2 and 3, as one object: its sources, the malloc family, safety under fork.
 *
 * Not taken from mimalloc's own alloc-override.c, because
 * - its `operator new`, compiled as C, aborts where C++ wants std::bad_alloc; the C++ library's
 *   operators throw, and call the malloc below;
 * - its `__libc_malloc` and the like decide for the linker that libc's private callers share the
 *   heap; that is the user's choice (--allocator-internal).
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <sched.h>

/* As mimalloc's static.c has it, but for page.c. */
#include <mimalloc.h>
#include <mimalloc/internal.h>

#include <alloc.c>
#include <alloc-aligned.c>
#include <alloc-posix.c>
#include <arena.c>
#include <bitmap.c>
#include <heap.c>
#include <init.c>
#include <libc.c>
#include <options.c>
#include <os.c>
#define _mi_malloc_generic gild_mi_malloc_generic
#include <page.c>
#undef _mi_malloc_generic
#include <random.c>
#include <stats.c>
#if MI_MALLOC_VERSION >= 30000
#include <arena-meta.c>
#include <page-map.c>
#include <theap.c>
#include <threadlocal.c>
#else
#include <segment.c>
#include <segment-map.c>
#endif
#include <prim/prim.c>

/* All ways to the system lead through here, and mimalloc asks the system for what some lack: a name
 * for its memory (EINVAL), NUMA nodes (ENOENT). The C libraries' malloc leaves errno alone when it
 * succeeds, and programs rely on it: BusyBox's printf, for one. */
#if MI_MALLOC_VERSION >= 30000
void* _mi_malloc_generic(mi_theap_t* theap, size_t size, size_t flags, size_t* usable) mi_attr_noexcept {
    const int before = errno;
    void* const block = gild_mi_malloc_generic(theap, size, flags, usable);
#else
void* _mi_malloc_generic(mi_heap_t* heap, size_t size, bool zero, size_t alignment, size_t* usable) mi_attr_noexcept {
    const int before = errno;
    void* const block = gild_mi_malloc_generic(heap, size, zero, alignment, usable);
#endif
    if (block != NULL) errno = before;
    return block;
}

/* mimalloc returns NULL and leaves errno alone; POSIX programs read it. */
static inline void* gild_block(void* block) {
    if (mi_unlikely(block == NULL)) errno = ENOMEM;
    return block;
}

#define GILD_API mi_decl_export

GILD_API void* malloc(size_t size) { return gild_block(mi_malloc(size)); }
GILD_API void* calloc(size_t count, size_t size) { return gild_block(mi_calloc(count, size)); }
GILD_API void* realloc(void* p, size_t size) { return gild_block(mi_realloc(p, size)); }
GILD_API void free(void* p) { mi_free(p); }

/* Declared by one libc or the other, or with other attributes. */
void cfree(void* p);
void* reallocarray(void* p, size_t count, size_t size);
void* aligned_alloc(size_t alignment, size_t size);
void* memalign(size_t alignment, size_t size);
void* valloc(size_t size);
void* pvalloc(size_t size);
int posix_memalign(void** out, size_t alignment, size_t size);
size_t malloc_usable_size(void* p);

GILD_API void cfree(void* p) { mi_free(p); }

GILD_API void* reallocarray(void* p, size_t count, size_t size) {
    return gild_block(mi_reallocn(p, count, size));
}

/* As both libcs do and C17 allows: any size, any power of two. mi_aligned_alloc would refuse. */
GILD_API void* memalign(size_t alignment, size_t size) {
    if (mi_unlikely(!_mi_is_power_of_two(alignment))) {
        errno = EINVAL;
        return NULL;
    }
    return gild_block(mi_malloc_aligned(size, alignment));
}

GILD_API void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
GILD_API void* valloc(size_t size) { return gild_block(mi_valloc(size)); }
GILD_API void* pvalloc(size_t size) { return gild_block(mi_pvalloc(size)); }

GILD_API int posix_memalign(void** out, size_t alignment, size_t size) {
    return mi_posix_memalign(out, alignment, size);
}

GILD_API size_t malloc_usable_size(void* p) { return mi_usable_size(p); }

#include "fork.h"

/* Calls `step` on the locks that any thread may take while it allocates or frees, in a fixed order,
 * until it says false or `*steps` of them are done. Returns whether that were all, and in `*steps`
 * how many. A list is walked only under its lock.
 *
 * Left out: a thread's own list of theaps (version 3), which only that thread and mi_heap_delete()
 * lock, and the locks of heap visitors, which malloc never waits for. */
typedef bool gild_lock_step(mi_lock_t* lock);

static bool gild_each_lock(gild_lock_step* step, size_t* steps) {
    const size_t limit = *steps;
    *steps = 0;
#define GILD_STEP(lock) do { if (*steps == limit || !step(lock)) return false; (*steps)++; } while (0)
#if MI_MALLOC_VERSION >= 30000
    GILD_STEP(&subprocs_lock);
    for (mi_subproc_t* subproc = subprocs; subproc != NULL; subproc = subproc->next) {
        GILD_STEP(&subproc->heaps_lock);
        for (mi_heap_t* heap = subproc->heaps; heap != NULL; heap = heap->next) {
            GILD_STEP(&heap->theaps_lock);
            GILD_STEP(&heap->arena_pages_lock);
            GILD_STEP(&heap->os_abandoned_pages_lock);
        }
        GILD_STEP(&subproc->arena_reserve_lock);
    }
    GILD_STEP(&mi_thread_locals_lock);
    GILD_STEP(&mi_page_map_lock);
#else
    GILD_STEP(&mi_subproc_default.abandoned_os_lock);
#endif
    GILD_STEP(&out_buf_lock);
#undef GILD_STEP
    return true;
}

static bool gild_try(mi_lock_t* lock) { return mi_lock_try_acquire(lock); }
static bool gild_release(mi_lock_t* lock) { mi_lock_release(lock); return true; }

/* All or none, and again: mimalloc documents no order among its locks, and a thread that waits for
 * one while it holds others could wait for ever. */
static void gild_fork_prepare(void) {
    size_t taken = SIZE_MAX;
    while (!gild_each_lock(&gild_try, &taken)) {
        gild_each_lock(&gild_release, &taken);
        sched_yield();
        taken = SIZE_MAX;
    }
}

static void gild_fork_parent(void) {
    size_t all = SIZE_MAX;
    gild_each_lock(&gild_release, &all);
}

static void gild_fork_child(void) { gild_fork_parent(); }
