/* How an allocator's locks survive fork().
 *
 * A child of a threaded program has one thread; a lock that another thread held at the moment of
 * the fork stays held in the child for ever. The file that includes this one defines
 *
 *     static void gild_fork_prepare(void);   take every lock of the allocator
 *     static void gild_fork_parent(void);    give them back, in the parent
 *     static void gild_fork_child(void);     give them back, in the child
 *
 * and the hooks below call them at the one safe moment: after the C library has taken its own
 * locks. libc allocates while it holds some of them (atexit, sem_open, TZ, locales on musl), so
 * handlers that run earlier, as those of pthread_atfork() do, take the two kinds of lock in the
 * opposite order and can deadlock.
 */
#ifndef GILD_FORK_H
#define GILD_FORK_H

#include <pthread.h>
#include <stddef.h>

static void gild_fork_prepare(void);
static void gild_fork_parent(void);
static void gild_fork_child(void);

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __GLIBC__

/* fork.o refers weakly to these three names of malloc.o; nothing else in libc.a does. */
void __malloc_fork_lock_parent(void);
void __malloc_fork_unlock_parent(void);
void __malloc_fork_unlock_child(void);
void __malloc_fork_lock_parent(void) { gild_fork_prepare(); }
void __malloc_fork_unlock_parent(void) { gild_fork_parent(); }
void __malloc_fork_unlock_child(void) { gild_fork_child(); }

#else

/* The contract of musl's own `__malloc_atfork`: below 0 before, 0 in the parent, above 0 in the
 * child. The linker may bind fork()'s weak reference to it, and then says so by defining
 * gild_allocator_atfork_bound. */
extern char gild_allocator_atfork_bound[] __attribute__((weak, visibility("hidden")));

void gild_allocator_atfork(int who);
void gild_allocator_atfork(int who) {
    if (who < 0) gild_fork_prepare();
    else if (who == 0) gild_fork_parent();
    else gild_fork_child();
}

/* Not bound: libc's private callers have a heap of their own then (or another linker made the
 * program), so no libc lock is held around this allocator and the order doesn't matter.
 * Priority 101, the first that programs may use: handlers of `prepare` run last come first, so
 * this one runs after those of the program, which may allocate. */
__attribute__((constructor(101))) static void gild_fork_register(void) {
    if (gild_allocator_atfork_bound == NULL)
        pthread_atfork(gild_fork_prepare, gild_fork_parent, gild_fork_child);
}

#endif

/* Read by the linker for its report: name and version of what is in this archive. */
extern const char gild_allocator_identity[];
__attribute__((used)) const char gild_allocator_identity[] = GILD_IDENTITY;

#ifdef __cplusplus
}
#endif
#endif
