/* Tells at run time which allocator answers malloc, and whether it owns a block.
 *
 * Everything is asked through weak references: none of them extracts an archive member, so they
 * are only there when the link brought the allocator anyway.
 */
#ifndef PROVIDER_H
#define PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEAK __attribute__((weak))
int mi_version(void) WEAK;
bool mi_is_in_heap_region(const void* p) WEAK;
int mallctl(const char* name, void* old, size_t* old_size, void* value, size_t size) WEAK;
int _rjem_mallctl(const char* name, void* old, size_t* old_size, void* value, size_t size) WEAK;
void* __malloc_end_pointer(void* p) WEAK; /* snmalloc's */
int rpmalloc_initialize(void) WEAK;
int gild_allocator_owns(const void* p) WEAK; /* glue of snmalloc and rpmalloc */
#undef WEAK

#ifdef __cplusplus
}
#endif

static inline const char* provider_name(void) {
    if (mi_version) return mi_version() >= 30000 ? "mimalloc" : "mimalloc2";
    if (mallctl || _rjem_mallctl) return "jemalloc";
    if (__malloc_end_pointer) return "snmalloc";
    if (rpmalloc_initialize) return "rpmalloc";
    return "libc";
}

static inline int provider_is(const char* name) { return strcmp(provider_name(), name) == 0; }

/* 1: the provider's; 0: not the provider's; -1: it can't be asked. */
static inline int provider_owns(const void* p) {
    int (*ctl)(const char*, void*, size_t*, void*, size_t) = mallctl ? mallctl : _rjem_mallctl;
    if (mi_is_in_heap_region) return mi_is_in_heap_region(p);
    if (ctl) {
        unsigned arena;
        size_t size = sizeof arena;
        return ctl("arenas.lookup", &arena, &size, &p, sizeof p) == 0;
    }
    return gild_allocator_owns ? gild_allocator_owns(p) : -1;
}

#define CHECK(condition)                                                              \
    do {                                                                              \
        if (!(condition)) {                                                           \
            printf("FAILED %s:%d: %s\n", __FILE__, __LINE__, #condition);             \
            fflush(stdout);                                                           \
            _Exit(1);                                                                 \
        }                                                                             \
    } while (0)

/* The block is there and the provider's. */
#define CHECK_OWNED(p) CHECK((p) != NULL && provider_owns(p) != 0)

static inline void ok(const char* what) {
    printf("ok %s\n", what);
    fflush(stdout);
}

/* Prints the provider; with an argument, insists on it. */
static inline void provider_begin(int argc, char** argv) {
    int here;
    printf("provider=%s\n", provider_name());
    fflush(stdout);
    if (argc > 1 && !provider_is(argv[1])) {
        printf("FAILED expected provider %s\n", argv[1]);
        fflush(stdout);
        _Exit(3);
    }
    /* The question itself must be able to say no. */
    CHECK(provider_owns(&here) != 1);
}

/* A compiler may drop a block that nobody sees. (Not through a variable: threads share it.) */
static inline void* seen(void* p) {
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

#endif
