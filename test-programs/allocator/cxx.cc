// C++: all forms of new and delete, failures that throw, a new handler, exceptions, containers.
#include <cstdint>
#include <map>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "provider.h"

struct alignas(256) Wide {
    char bytes[300];
};

static bool aligned(const void* p, std::size_t alignment) {
    return reinterpret_cast<std::uintptr_t>(p) % alignment == 0;
}

// More than any address space: an argument, so that the compiler doesn't refuse it.
static volatile std::size_t absurd = SIZE_MAX / 4;

static void plain() {
    int* one = new int(7);
    CHECK_OWNED(one);
    delete one;
    auto* many = new std::string[100];
    CHECK_OWNED(many);
    delete[] many;
    void* quiet = ::operator new(1000, std::nothrow);
    CHECK_OWNED(quiet);
    ::operator delete(quiet, std::nothrow);
    void* sized = ::operator new(1000);
    ::operator delete(sized, std::size_t(1000));
    void* sized_array = ::operator new[](1000);
    ::operator delete[](sized_array, std::size_t(1000));
    void* empty = ::operator new(0);
    CHECK_OWNED(empty);
    ::operator delete(empty);
    ok("new and delete");
}

static void over_aligned() {
    Wide* one = new Wide;
    CHECK_OWNED(one);
    CHECK(aligned(one, 256));
    delete one;
    Wide* many = new Wide[10];
    CHECK_OWNED(many);
    CHECK(aligned(many, 256));
    delete[] many;
    Wide* quiet = new (std::nothrow) Wide;
    CHECK(aligned(quiet, 256));
    delete quiet;
    for (std::size_t alignment = 16; alignment <= 32768; alignment *= 2) {
        void* p = ::operator new(alignment * 2 + 1, std::align_val_t(alignment));
        CHECK_OWNED(p);
        CHECK(aligned(p, alignment));
        ::operator delete(p, alignment * 2 + 1, std::align_val_t(alignment));
    }
    ok("aligned new");
}

static int handled = 0;

static void failures() {
    bool thrown = false;
    try {
        seen(::operator new(absurd));
    } catch (const std::bad_alloc&) {
        thrown = true;
    }
    CHECK(thrown);
    CHECK(::operator new(absurd, std::nothrow) == nullptr);
    std::set_new_handler([] {
        if (++handled == 3) std::set_new_handler(nullptr);
    });
    thrown = false;
    try {
        seen(::operator new[](absurd));
    } catch (const std::bad_alloc&) {
        thrown = true;
    }
    CHECK(thrown && handled == 3);
    ok("bad_alloc and new handler");
}

static int deep(int depth) {
    std::vector<std::string> ballast(10, std::string(100, 'x'));
    if (depth == 0) throw std::runtime_error("from the depth " + ballast[3].substr(0, 3));
    return deep(depth - 1) + 1;
}

static void exceptions() {
    for (int i = 0; i < 100; i++) {
        try {
            deep(50);
            CHECK(false);
        } catch (const std::exception& e) {
            CHECK(std::string(e.what()) == "from the depth xxx");
        }
    }
    ok("exceptions");
}

static std::size_t fill(unsigned seed) {
    std::map<int, std::string> ordered;
    std::unordered_map<std::string, std::shared_ptr<std::vector<int>>> hashed;
    for (unsigned i = 0; i < 3000; i++) {
        std::ostringstream text;
        text << "key " << (i * seed) % 5000;
        ordered[static_cast<int>(i)] = text.str();
        auto& slot = hashed[text.str()];
        if (!slot) slot = std::make_shared<std::vector<int>>();
        slot->push_back(static_cast<int>(i));
    }
    CHECK_OWNED(&*ordered.begin());
    std::size_t sum = 0;
    for (const auto& [key, values] : hashed) sum += values->size();
    return sum + ordered.size();
}

static void containers() {
    CHECK(fill(3) == 6000);
    std::vector<std::thread> threads;
    for (unsigned i = 1; i <= 4; i++)
        threads.emplace_back([i] { CHECK(fill(i * 2 + 1) == 6000); });
    for (auto& thread : threads) thread.join();
    ok("containers and threads");
}

int main(int argc, char** argv) {
    provider_begin(argc, argv);
    plain();
    over_aligned();
    failures();
    exceptions();
    containers();
    ok("cxx");
    return 0;
}
