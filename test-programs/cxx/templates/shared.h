#include <typeinfo>

template <class T> __attribute__((noinline)) T twice(T x) { return x + x; }
inline int shared_variable = 5;
template <class T> struct Counter { static int total; virtual ~Counter() = default; };
template <class T> int Counter<T>::total = 1;
inline int count_once() {
    static int calls = 0;
    return ++calls;
}

int (*other_template())(int);
int *other_variable();
int *other_static();
const std::type_info &other_type();
int other_count();
