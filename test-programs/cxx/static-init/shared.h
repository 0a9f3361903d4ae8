#include <cstdio>

struct Loud {
    const char *name;
    explicit Loud(const char *n) : name(n) { std::printf("%s ", name); }
    ~Loud() { std::printf("~%s%c", name, name[0] == 'e' ? '\n' : ' '); }
};
