// Every TLS model relaxes to local-exec; initial values, zeros and alignment hold in each thread.
// gild-test: variant gd = -fPIC -ftls-model=global-dynamic
// gild-test: variant ld = -fPIC -ftls-model=local-dynamic
// gild-test: variant ie = -fPIC -ftls-model=initial-exec
// gild-test: variant le = -ftls-model=local-exec
// gild-test: variant desc = -fPIC -ftls-model=global-dynamic -mtls-dialect=gnu2
// gild-test: variant desc-ld = -fPIC -ftls-model=local-dynamic -mtls-dialect=gnu2
// gild-test: variant large = -fPIC -mcmodel=large -ftls-model=global-dynamic
// gild-test: variant large-ld = -fPIC -mcmodel=large -ftls-model=local-dynamic
// gild-test: except = */*/clang/large */*/clang/large-ld
// gild-test: except = glibc/*/gcc/large musl/*/gcc/large glibc/*/gcc/large-ld musl/*/gcc/large-ld
// gild-test: stdout = main 1 2 3 4 5 6
// gild-test: stdout = thread 1 2 3 4 5 6
// gild-test: stdout = main 2 2 3 4 5 7
#include "shared.h"
#include <pthread.h>
#include <stdio.h>

static __thread int local = 1;
static __thread int zero;

static void show(const char *who) {
    printf("%s %d %d %d %d %d %d\n", who, local, other(), wide.c, *far_away(), zero + 5, early());
    local++;
    zero = 0;
    bump();
}

static void *run(void *unused) {
    show("thread");
    return unused;
}

int main(void) {
    pthread_t thread;
    show("main");
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    show("main");
    return 0;
}
