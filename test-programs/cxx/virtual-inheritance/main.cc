// Vtables, VTTs, construction vtables, thunks, dynamic_cast, pointers to members, pure virtual.
// gild-test: libc = glibc
// gild-test: stdout = left right bottom 1 2 3
// gild-test: stdout = cast yes no, member 3
#include "shared.h"
#include <cstdio>

int main() {
    Bottom bottom;
    Left *left = &bottom;
    Right *right = &bottom;
    Top *top = &bottom;
    std::printf("%s %s %s %d %d %d\n", left->Left::name(), right->Right::name(), top->name(), left->value(), right->other(), top->id());
    std::printf("cast %s ", dynamic_cast<Bottom *>(top) == &bottom ? "yes" : "WRONG");
    Top *plain = make_left();
    std::printf("%s, ", dynamic_cast<Right *>(plain) ? "WRONG" : "no");
    int (Top::*member)() = &Top::id;
    std::printf("member %d\n", (top->*member)());
    delete plain;
}
