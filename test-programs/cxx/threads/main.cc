// std::thread, mutex, condition variable, future, and thread_local objects with destructors.
// gild-test: libc = glibc
// gild-test: cflags = -std=c++17
// gild-test: stdout = counted 4000, constructed 5, destroyed 4
// gild-test: stdout = promised 17
// gild-test: stdout = exception crossed
#include <atomic>
#include <cstdio>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

std::atomic<int> constructed, destroyed, counted;
struct Counter {
    int count = 0;
    Counter() { constructed++; }
    ~Counter() { destroyed++; }
};
thread_local Counter counter;

static void work() {
    for (int i = 0; i < 1000; i++) counter.count++;
    counted += counter.count;
}

int main() {
    counter.count++;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) threads.emplace_back(work);
    for (auto &thread : threads) thread.join();
    std::printf("counted %d, constructed %d, destroyed %d\n", counted.load(), constructed.load(), destroyed.load());
    std::promise<int> promise;
    std::thread giver([&] { promise.set_value(17); });
    std::printf("promised %d\n", promise.get_future().get());
    giver.join();
    auto failing = std::async(std::launch::async, []() -> int { throw std::runtime_error("x"); });
    try { failing.get(); } catch (const std::runtime_error &) { std::puts("exception crossed"); }
}
