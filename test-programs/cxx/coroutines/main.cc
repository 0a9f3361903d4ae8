// gild-test: libc = glibc
// gild-test: cflags = -std=c++20
// gild-test: stdout = 0 1 1 2 3 5 8
// gild-test: stdout = thrown inside
#include <coroutine>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>

struct Generator {
    struct promise_type {
        int current = 0;
        std::exception_ptr error;
        Generator get_return_object() { return Generator{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int value) { current = value; return {}; }
        void return_void() {}
        void unhandled_exception() { error = std::current_exception(); }
    };
    std::coroutine_handle<promise_type> handle;
    ~Generator() { handle.destroy(); }
    bool next() {
        handle.resume();
        if (handle.promise().error) std::rethrow_exception(handle.promise().error);
        return !handle.done();
    }
    int value() { return handle.promise().current; }
};

static Generator fibonacci(int count) {
    int a = 0, b = 1;
    for (int i = 0; i < count; i++) {
        co_yield a;
        a = std::exchange(b, a + b);
    }
    throw std::runtime_error("inside");
}

int main() {
    Generator numbers = fibonacci(7);
    try {
        for (int i = 0; numbers.next(); i++) std::printf("%s%d", i ? " " : "", numbers.value());
    } catch (const std::runtime_error &error) { std::printf("\nthrown %s\n", error.what()); }
}
