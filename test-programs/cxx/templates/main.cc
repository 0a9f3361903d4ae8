// Templates, inline functions and inline variables collide in COMDATs: one copy and one address of each.
// gild-test: libc = glibc
// gild-test: cflags = -std=c++17
// gild-test: variant plain =
// gild-test: variant gc = -ffunction-sections -fdata-sections | -Wl,--gc-sections
// gild-test: variant O0 = -O0
// gild-test: stdout = same template, same variable, same static, same type, 3
#include "shared.h"
#include <cstdio>

int main() {
    count_once();
    std::printf("%s, ", other_template() == &twice<int> ? "same template" : "WRONG");
    std::printf("%s, ", other_variable() == &shared_variable ? "same variable" : "WRONG");
    std::printf("%s, ", other_static() == &Counter<int>::total ? "same static" : "WRONG");
    std::printf("%s, ", other_type() == typeid(Counter<int>) ? "same type" : "WRONG");
    std::printf("%d\n", count_once() + other_count() - 2);
}
