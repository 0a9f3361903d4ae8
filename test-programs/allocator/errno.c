/* What succeeds leaves errno alone, as with both C libraries' own malloc: on every path to the system,
 * in the first thread and in another. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define LEAVES_ERRNO(what)                                                     \
    do {                                                                       \
        errno = 0;                                                             \
        what;                                                                  \
        if (errno != 0) {                                                      \
            const char *text = strerror(errno);                                \
            fprintf(stderr, "%s: %s\n", #what, text);                          \
            failures++;                                                        \
        }                                                                      \
    } while (0)

static void *allocates(void *unused) {
    (void)unused;
    static const size_t sizes[] = {1, 100, 5000, 100 << 10, 3 << 20, 32 << 20, 256 << 20};
    void *volatile block = NULL;
    LEAVES_ERRNO(block = malloc(10));
    LEAVES_ERRNO(free(block));
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const size_t size = sizes[i];
            LEAVES_ERRNO(block = malloc(size));
            LEAVES_ERRNO(block = realloc(block, size + size / 2));
            LEAVES_ERRNO(free(block));
            LEAVES_ERRNO(block = calloc(size, 1));
            LEAVES_ERRNO(free(block));
            void *aligned = NULL;
            LEAVES_ERRNO(posix_memalign(&aligned, 64 << 10, size));
            LEAVES_ERRNO(free(aligned));
        }
    }
    return NULL;
}

int main(void) {
    allocates(NULL);
    pthread_t thread;
    pthread_create(&thread, NULL, allocates, NULL);
    pthread_join(thread, NULL);
    /* What fails says why. */
    errno = 0;
    void *volatile too_much = malloc((size_t)-1 / 2);
    failures += too_much != NULL || errno != ENOMEM;
    if (failures == 0) puts("ok errno");
    return failures != 0;
}
