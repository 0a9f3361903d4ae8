/* An allocator with a part of the family: malloc, realloc, free, and what is asked for by -DMEMALIGN,
 * -DALIGNED_ALLOC (C11's strict one), -DPOSIX_MEMALIGN. Its blocks lie in one area; a freed block is
 * given out again, dirty, to who asks for its size next. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { AREA = 32 << 20 };

struct header {
    struct header* next;
    size_t size;
};

static _Alignas(4096) char area[AREA];
static char* top = area;
static struct header* freed;

int partial_owns(const void* p) { return (const char*)p >= area && (const char*)p < area + AREA; }

static struct header* header(void* p) { return (struct header*)p - 1; }

static void* block(size_t alignment, size_t size) {
    if (alignment < 16) alignment = 16;
    for (struct header** at = &freed; *at != NULL; at = &(*at)->next) {
        struct header* const found = *at;
        if (found->size != size || (uintptr_t)(found + 1) % alignment != 0) continue;
        *at = found->next;
        return found + 1;
    }
    const uintptr_t after = (uintptr_t)top + sizeof(struct header);
    const size_t gap = (alignment - after % alignment) % alignment;
    if (size > AREA || (size_t)(area + AREA - top) < sizeof(struct header) + gap + size) {
        errno = ENOMEM;
        return NULL;
    }
    char* const p = top + gap + sizeof(struct header);
    top = p + (size + 15) / 16 * 16;
    header(p)->size = size;
    return p;
}

void* malloc(size_t size) { return block(16, size); }

void free(void* p) {
    if (p == NULL) return;
    memset(p, 0xdd, header(p)->size);
    header(p)->next = freed;
    freed = header(p);
}

void* realloc(void* p, size_t size) {
    char* const grown = block(16, size);
    if (grown == NULL || p == NULL) return grown;
    const size_t old = header(p)->size;
    memcpy(grown, p, old < size ? old : size);
    free(p);
    return grown;
}

#ifdef MEMALIGN
void* memalign(size_t alignment, size_t size) { return block(alignment, size); }
#endif

#ifdef ALIGNED_ALLOC
void* aligned_alloc(size_t alignment, size_t size) {
    if (size % alignment == 0) return block(alignment, size);
    errno = EINVAL;
    return NULL;
}
#endif

#ifdef POSIX_MEMALIGN
int posix_memalign(void** p, size_t alignment, size_t size) {
    const int before = errno;
    if (alignment < sizeof(void*) || (alignment & (alignment - 1)) != 0) return EINVAL;
    void* const got = block(alignment, size);
    errno = before; /* POSIX: the error is the result and nothing else */
    if (got == NULL) return ENOMEM;
    *p = got;
    return 0;
}
#endif
