// clang's large model puts code into .ltext. The start code of a static-PIE reads main's address from
// the GOT before anything is relocated: where main is near, that must become a lea.
// gild-test: libc = glibc
// gild-test: output = pie
// gild-test: compiler = clang
// gild-test: cflags = -mcmodel=large
// GNU ld leaves the load, and the program crashes.
// gild-test: peers = lld
int main(void) { return 0; }
