// .preinit_array runs before every constructor (gABI). musl has no such thing.
// gild-test: libc = glibc
// gild-test: stdout = preinit constructor main
#include <unistd.h>

static void say(const char *text, int length) { (void)!write(1, text, length); }

static void early(void) { say("preinit ", 8); }
__attribute__((section(".preinit_array"), used)) static void (*const entry)(void) = early;
__attribute__((constructor(101))) static void start(void) { say("constructor ", 12); }

int main(void) {
    say("main\n", 5);
    return 0;
}
