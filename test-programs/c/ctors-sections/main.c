// Hand-made .ctors and .dtors entries are run: GNU ld moves them into .init_array and .fini_array, since
// today's start files walk nothing else. lld keeps them as sections that nobody reads.
// gild-test: peers = ld
// gild-test: stdout = first second third main stop
// gild-test: compiler = gcc
#include <stdio.h>

#define ENTRY(section_name, function) \
    __attribute__((section(section_name), used)) static void (*const function##_entry)(void) = function

static void third(void) { printf("third "); }
static void second(void) { printf("second "); }
static void first(void) { printf("first "); }
static void stop(void) { printf("stop\n"); fflush(stdout); }

// .ctors.65435 has the priority 65535 - 65435 = 100, before any plain entry.
ENTRY(".ctors.65435", first);
ENTRY(".ctors", second);
ENTRY(".dtors", stop);
__attribute__((constructor)) static void plain(void) { third(); }

int main(void) {
    printf("main ");
    return 0;
}
