// --gc-sections drops dead code and data, the strings that only it used, and its undefined references;
// what is reachable through data, asm or `retain` stays.
// gild-test: cflags = -ffunction-sections -fdata-sections
// gild-test: link = -Wl,--gc-sections
// clang puts all strings of an object into one section, of which GNU ld keeps or drops the whole.
// gild-test: skip ld = */*/clang
// gild-test: stdout = alive through data
// gild-test: present = reached_through_pointer kept_by_retain
// gild-test: absent = dead_function dead_data dead_helper dead_in_other
// gild-test: contains = a string of living code
// gild-test: lacks = a string that only dead code uses
#include <stdio.h>

void does_not_exist_anywhere(const char *);
int dead_data[100] = {1};
__attribute__((noinline)) void dead_helper(void) { does_not_exist_anywhere("a string that only dead code uses"); }
void dead_function(void) {
    dead_data[5]++;
    dead_helper();
}

void reached_through_pointer(void) { puts("alive through data"); }
void (*volatile table[])(void) = {reached_through_pointer};
// Older gcc has no attribute `retain`; the flag R of the assembler is SHF_GNU_RETAIN.
__asm__(".section .data.kept_by_retain,\"awR\"\n"
        ".globl kept_by_retain\nkept_by_retain: .long 1\n.size kept_by_retain, 4\n"
        ".type kept_by_retain, @object\n.text");
const char *volatile text = "a string of living code";

int main(void) {
    table[0]();
    return text[0] != 'a';
}
