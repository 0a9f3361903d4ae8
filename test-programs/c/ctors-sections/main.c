// Hand-made .ctors and .dtors entries are run: GNU ld moves them into .init_array and .fini_array, since
// today's start files walk nothing else; lld keeps them as sections that nobody reads. Numbered ones
// come first, by priority (.ctors.65435 is 65535 - 65435 = 100), plain ones in the order of the input,
// in which gcc puts .init_array before .ctors.
// gild-test: peers = ld
// gild-test: stdout = first third second main stop
// gild-test: compiler = gcc
#include <stdio.h>

#define ENTRY(section_name, function) \
    __attribute__((section(section_name), used)) static void (*const function##_entry)(void) = function

static void third(void) { printf("third "); }
static void second(void) { printf("second "); }
static void first(void) { printf("first "); }
static void stop(void) { printf("stop\n"); fflush(stdout); }

ENTRY(".ctors.65435", first);
ENTRY(".ctors", second);
ENTRY(".dtors", stop);
__attribute__((constructor)) static void plain(void) { third(); }

int main(void) {
    printf("main ");
    return 0;
}
