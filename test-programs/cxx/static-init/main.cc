// Static objects: order by input within a priority, destructors in reverse, function-local statics.
// gild-test: libc = glibc
// gild-test: inputs = main.o second.o
// gild-test: stdout = early first second main local ~local ~second ~first ~early
#include "shared.h"

__attribute__((init_priority(200))) static Loud early("early");
static Loud first("first");

int main() {
    std::printf("main ");
    static Loud local("local");
}
