#include "shared.h"

__thread int exported = 2;
__thread struct wide wide = {.c = 3};
static __thread int pages[3000];
static __thread int counter = 6;

int other(void) { return exported; }
int *far_away(void) {
    pages[2999] = 4;
    return &pages[2999];
}
int early(void) { return counter; }
void bump(void) { counter++; }
