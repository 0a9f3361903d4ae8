// A thread's TLS block has the strictest alignment of its variables; sizes that are no multiple of it.
// gild-test: variant a16 = -DALIGN=16
// gild-test: variant a64 = -DALIGN=64
// gild-test: variant a256 = -DALIGN=256
// gild-test: variant a4096 = -DALIGN=4096
// gild-test: variant bss4096 = -DALIGN=4096 -DIN_BSS
// gild-test: stdout = main ok
// gild-test: stdout = thread ok
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#ifdef IN_BSS
#define VALUE 0
#else
#define VALUE 9
#endif

__thread char before = 'b';
__thread _Alignas(ALIGN) char aligned[17] = {VALUE};
__thread char zero[3];
__thread _Alignas(8) long after = 5;

static void check(const char *who) {
    int good = (uintptr_t)aligned % ALIGN == 0 && aligned[0] == VALUE && before == 'b';
    good = good && zero[2] == 0 && after == 5 && (uintptr_t)&after % 8 == 0;
    zero[2] = 1;
    printf("%s %s\n", who, good ? "ok" : "WRONG");
}

static void *run(void *unused) {
    check("thread");
    return unused;
}

int main(void) {
    pthread_t thread;
    check("main");
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    return 0;
}
