// Threads, mutexes, condition variables, once, and per-thread keys with destructors.
// gild-test: stdout = total 40000, destroyed 4, once 1
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int go, total, destroyed, initialised;

static void destroy(void *value) {
    pthread_mutex_lock(&lock);
    destroyed += value != NULL;
    pthread_mutex_unlock(&lock);
}

static void initialise(void) { initialised++; }

static void *work(void *argument) {
    pthread_once(&once, initialise);
    pthread_setspecific(key, argument);
    pthread_mutex_lock(&lock);
    while (!go) pthread_cond_wait(&ready, &lock);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 10000; i++) {
        pthread_mutex_lock(&lock);
        total++;
        pthread_mutex_unlock(&lock);
    }
    return argument;
}

int main(void) {
    pthread_t threads[4];
    pthread_key_create(&key, destroy);
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, work, &threads[i]);
    pthread_mutex_lock(&lock);
    go = 1;
    pthread_cond_broadcast(&ready);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        if (result != &threads[i]) return 1;
    }
    printf("total %d, destroyed %d, once %d\n", total, destroyed, initialised);
    return 0;
}
