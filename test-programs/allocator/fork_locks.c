/* fork() while other threads hold the allocator's locks and libc's: a child that can't allocate
 * was forked under the former, a parent that doesn't come back took the two in opposite orders.
 * `fork_locks [PROVIDER [FORKS]]`; exits by itself unless it is the second kind that happened. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provider.h"

static atomic_int stop;

static void nothing(void) {}

/* libc keeps 32 functions without memory; on musl it allocates for more of them under a lock that
 * fork() takes as well. */
static void* register_functions(void* argument) {
    for (unsigned count = 1; !stop; count++) {
        CHECK(atexit(nothing) == 0);
        if (count % 64 == 0) usleep(200); /* what is registered stays: not too fast */
    }
    return argument;
}

/* One block in twenty is large enough to go past what a thread has for itself. */
static void* allocate(void* argument) {
    void* blocks[256] = {NULL};
    unsigned state = (unsigned)(uintptr_t)argument * 77 + 1;
    while (!stop) {
        state = state * 1103515245u + 12345u;
        void** const block = &blocks[(state >> 8) % 256];
        free(*block);
        *block = seen(malloc((state >> 16) % 20 == 0 ? 1 << 20 : (state >> 16) % 5000 + 1));
    }
    return NULL;
}

static void child(void) {
    void* blocks[64];
    alarm(10);
    for (int i = 0; i < 64; i++) blocks[i] = seen(malloc((size_t)100 << (i % 14)));
    for (int i = 0; i < 64; i++) free(blocks[i]);
    _exit(0);
}

static void fork_beside(void* (*first)(void*), int forks, const char* what) {
    pthread_t threads[2];
    stop = 0;
    CHECK(pthread_create(&threads[0], NULL, first, (void*)1) == 0);
    CHECK(pthread_create(&threads[1], NULL, allocate, (void*)2) == 0);
    for (int i = 0; i < forks; i++) {
        int status;
        const pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) child();
        CHECK(waitpid(pid, &status, 0) == pid);
        if (status != 0) printf("child %d: status %#x (0xe: hung)\n", i, status);
        CHECK(status == 0);
    }
    stop = 1;
    for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    ok(what);
}

int main(int argc, char** argv) {
    const int forks = argc > 2 ? atoi(argv[2]) : 300;
    provider_begin(argc, argv);
    fork_beside(allocate, forks, "fork beside malloc");
    fork_beside(register_functions, forks, "fork beside atexit");
    ok("fork locks");
    _exit(0); /* not through thousands of functions */
}
