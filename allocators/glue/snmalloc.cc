// snmalloc as one object: its headers, the malloc family under its plain names, and safety under
// fork. `operator new` and `delete` are left to the C++ library, so that a C program with this
// archive needs none.
//
// The recipe compiles it with snmalloc's vendored parts of the C++ library, its pthread clean-up
// and its fork protection, but without the registration of the latter: it happens at the first
// lock, which the first fork may not wait for, and too early in the order of libc's locks (fork.h).
#define SNMALLOC_NAME_MANGLE(name) name
#define SNMALLOC_EXPORT __attribute__((visibility("default")))
#include "snmalloc/override/malloc.cc"

#include "fork.h"

static void gild_fork_prepare(void) { snmalloc::PreventFork::prefork(); }
static void gild_fork_parent(void) { snmalloc::PreventFork::postfork_parent(); }
static void gild_fork_child(void) { snmalloc::PreventFork::postfork_child(); }

// For tests: whether `p` points into snmalloc's heap. The map that tells is there from the first
// allocation on.
extern "C" SNMALLOC_EXPORT int gild_allocator_owns(const void* p) {
    return snmalloc::Config::is_initialised()
        && snmalloc::Config::Backend::get_metaentry(snmalloc::address_cast(p)).is_owned();
}
