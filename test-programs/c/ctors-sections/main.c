// Hand-made .ctors and .dtors entries are run, .ctors from the end as gcc's crtbegin.o did; GNU ld puts
// them into .init_array, entries of one priority in reverse.
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
