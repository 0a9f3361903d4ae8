// Name lookup and locales, the parts of glibc that want shared libraries at run time: ld warns.
// gild-test: libc = musl glibc
// gild-test: stdout = 127.0.0.1 1.5 C
#include <arpa/inet.h>
#include <locale.h>
#include <netdb.h>
#include <stdio.h>

int main(void) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_flags = AI_NUMERICHOST}, *found;
    if (getaddrinfo("127.0.0.1", NULL, &hints, &found) != 0) return 1;
    char text[64];
    struct sockaddr_in *address = (struct sockaddr_in *)found->ai_addr;
    inet_ntop(AF_INET, &address->sin_addr, text, sizeof text);
    freeaddrinfo(found);
    setlocale(LC_ALL, "C");
    printf("%s %.1f %s\n", text, 1.5, setlocale(LC_NUMERIC, NULL));
    return 0;
}
