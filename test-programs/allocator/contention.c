/* Benchmark: threads that allocate, keep and free blocks of mixed sizes, some of them each
 * other's. `contention [THREADS [SECONDS [SHARED_PERCENT]]]` prints operations per second, an
 * operation being one block allocated and one freed. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "provider.h"

enum { OWN = 1024, SHARED = 4096 };

static _Atomic(char*) shared[SHARED];
static atomic_int stop;
static unsigned shared_percent = 10;

static unsigned next(uint64_t* state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (unsigned)(*state >> 20);
}

/* Mostly small, as in real programs: 7 of 8 below 256 bytes, 1 in 512 up to 64 KiB. */
static size_t size_of_block(unsigned random) {
    if (random % 512 == 0) return 1 + (random >> 9) % 65536;
    if (random % 8 == 0) return 1 + (random >> 9) % 4096;
    return 1 + (random >> 9) % 256;
}

static void* work(void* argument) {
    char* own[OWN] = {0};
    uint64_t state = 0x9e3779b97f4a7c15u * ((uintptr_t)argument + 1);
    uintptr_t operations = 0;
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        for (int i = 0; i < 256; i++) {
            const unsigned random = next(&state);
            const size_t size = size_of_block(random);
            char* p = malloc(size);
            p[0] = p[size - 1] = 1; /* as a program would: touch it */
            if (next(&state) % 100 < shared_percent) {
                p = atomic_exchange(&shared[next(&state) % SHARED], p);
            } else {
                char** const slot = &own[next(&state) % OWN];
                char* const old = *slot;
                *slot = p;
                p = old;
            }
            free(p);
        }
        operations += 256;
    }
    for (int i = 0; i < OWN; i++) free(own[i]);
    return (void*)operations;
}

int main(int argc, char** argv) {
    const int threads = argc > 1 ? atoi(argv[1]) : 2;
    const double seconds = argc > 2 ? atof(argv[2]) : 2.0;
    if (argc > 3) shared_percent = (unsigned)atoi(argv[3]);
    if (threads < 1 || threads > 256 || seconds <= 0) {
        fprintf(stderr, "usage: contention [THREADS [SECONDS [SHARED_PERCENT]]]\n");
        return 2;
    }
    pthread_t ids[256];
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (int i = 0; i < threads; i++)
        CHECK(pthread_create(&ids[i], NULL, work, (void*)(uintptr_t)i) == 0);
    const struct timespec pause = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
    nanosleep(&pause, NULL);
    atomic_store(&stop, 1);
    double operations = 0;
    for (int i = 0; i < threads; i++) {
        void* count;
        CHECK(pthread_join(ids[i], &count) == 0);
        operations += (double)(uintptr_t)count;
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    const double elapsed = (double)(after.tv_sec - before.tv_sec)
                         + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    printf("provider=%s threads=%d seconds=%.2f ops_per_second=%.0f\n", provider_name(), threads,
           elapsed, operations / elapsed);
    return 0;
}
