#include "shared.h"

// Compilers would look through a resolver that always gives the same answer.
static volatile int condition = 1;
static int real(void) { return 42; }
static int never(void) { return 1; }
static int (*resolve(void))(void) { return condition ? real : never; }

int chosen(void) __attribute__((ifunc("resolve")));
__attribute__((visibility("hidden"))) int hidden(void) __attribute__((ifunc("resolve")));
int unused(void) __attribute__((ifunc("resolve")));

static int (*volatile hidden_in_data)(void) = hidden;

int call_hidden(void) { return hidden(); }
int hidden_is_hidden(void) { return hidden_in_data == hidden; }
