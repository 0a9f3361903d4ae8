/* Threads that allocate and free across each other, fork in a threaded program, blocks that live
 * into atexit handlers, destructors of thread-specific data that allocate. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provider.h"

enum { THREADS = 4, SLOTS = 512, ROUNDS = 20000, FORKS = 60 };

static _Atomic(unsigned char*) mailbox[SLOTS];
static atomic_int stop;

static unsigned next(unsigned* state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* A block carries its size in front, and one byte all over. */
static unsigned char* make(unsigned* state) {
    const unsigned kind = next(state) % 500;
    const size_t size = sizeof(size_t) + (kind == 0 ? next(state) % (3 << 20) : next(state) % 2000);
    unsigned char* p = seen(kind % 3 ? malloc(size) : calloc(1, size));
    CHECK_OWNED(p);
    memcpy(p, &size, sizeof size);
    memset(p + sizeof size, (int)(size & 0xff), size - sizeof size);
    return p;
}

static void drop(unsigned char* p) {
    size_t size;
    if (p == NULL) return;
    memcpy(&size, p, sizeof size);
    for (size_t i = sizeof size; i < size; i++) CHECK(p[i] == (size & 0xff));
    free(p);
}

/* Puts blocks into slots that all share: mostly another thread frees them. */
static void* exchange(void* argument) {
    unsigned state = (unsigned)(uintptr_t)argument + 1;
    for (int i = 0; i < ROUNDS && !stop; i++)
        drop(atomic_exchange(&mailbox[next(&state) % SLOTS], make(&state)));
    return make(&state); /* outlives the thread */
}

static void* exchange_until_stopped(void* argument) {
    while (!stop) drop(exchange(argument));
    return NULL;
}

static void across(void) {
    pthread_t threads[THREADS];
    /* Twice: the second generation inherits what the first left behind. */
    for (int generation = 0; generation < 2; generation++) {
        for (uintptr_t i = 0; i < THREADS; i++)
            CHECK(pthread_create(&threads[i], NULL, exchange, (void*)i) == 0);
        for (int i = 0; i < THREADS; i++) {
            void* result;
            CHECK(pthread_join(threads[i], &result) == 0);
            drop(result);
        }
    }
    ok("blocks across threads");
}

static void* short_lived(void* argument) {
    (void)argument;
    return seen(malloc(100));
}

static void many_short_threads(void) {
    for (int i = 0; i < 200; i++) {
        pthread_t thread;
        void* result;
        CHECK(pthread_create(&thread, NULL, short_lived, NULL) == 0);
        CHECK(pthread_join(thread, &result) == 0);
        CHECK_OWNED(result);
        free(result);
    }
    ok("short threads");
}

static pthread_key_t keys[2];

/* Runs after some allocator's own clean-up of the thread, whichever comes first. */
static void destructor(void* value) {
    unsigned state = 5;
    free(value);
    for (int i = 0; i < 100; i++) drop(make(&state));
}

static void* with_specific_data(void* argument) {
    for (int i = 0; i < 2; i++) pthread_setspecific(keys[i], seen(malloc(64)));
    return argument;
}

static void thread_exit(void) {
    pthread_t thread;
    for (int i = 0; i < 2; i++) CHECK(pthread_key_create(&keys[i], destructor) == 0);
    for (int i = 0; i < 50; i++) {
        CHECK(pthread_create(&thread, NULL, with_specific_data, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    ok("destructors of thread data");
}

static void child(void) {
    alarm(10); /* a lock that was held at the fork hangs the child */
    unsigned state = 99;
    for (int i = 0; i < 200; i++) drop(make(&state));
    /* Nothing from the mailbox: threads run on while fork() copies page after page, so the child
     * may see a pointer and not what it points to. */
    pthread_t thread;
    void* result;
    CHECK(pthread_create(&thread, NULL, short_lived, NULL) == 0);
    CHECK(pthread_join(thread, &result) == 0);
    free(result);
    _exit(0);
}

static void forks(void) {
    pthread_t threads[2];
    stop = 0;
    for (uintptr_t i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, exchange_until_stopped, (void*)(i + 7)) == 0);
    for (int i = 0; i < FORKS; i++) {
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
    ok("fork with threads");
}

static unsigned char* for_exit;

static void at_exit(void) {
    unsigned state = 3;
    drop(for_exit);
    for (int i = 0; i < 100; i++) drop(make(&state));
    ok("atexit");
}

static void nothing(void) {}

int main(int argc, char** argv) {
    unsigned state = 1;
    provider_begin(argc, argv);
    for_exit = make(&state);
    CHECK(atexit(at_exit) == 0);
    /* More than libc keeps without memory: 32 are. */
    for (int i = 0; i < 100; i++) CHECK(atexit(nothing) == 0);
    across();
    many_short_threads();
    thread_exit();
    forks();
    for (int i = 0; i < SLOTS; i++) drop(atomic_exchange(&mailbox[i], NULL));
    ok("threads");
    return 0;
}
