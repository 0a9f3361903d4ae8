// glibc marks functions that need its shared libraries with .gnu.warning sections.
// gild-test: libc = glibc
// gild-test: peers = ld
// gild-test: warns = Using 'getaddrinfo' in statically linked applications
#include <netdb.h>
#include <stddef.h>

int main(void) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *found;
    return getaddrinfo("127.0.0.1", NULL, &hints, &found) != 0;
}
