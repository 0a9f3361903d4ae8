//! mimalloc as Rust's `#[global_allocator]`, the way its crate does it, and the question whether C's
//! parts of the program are on the same heap.

use std::alloc::{GlobalAlloc, Layout};
use std::ffi::{CStr, c_char, c_void};

unsafe extern "C" {
    fn mi_malloc_aligned(size: usize, alignment: usize) -> *mut c_void;
    fn mi_free(block: *mut c_void);
    fn mi_is_in_heap_region(block: *const c_void) -> bool;
}

// The C half: its block comes from malloc.
#[link(name = "provider", kind = "static")]
unsafe extern "C" {
    fn test_make(size: usize) -> *mut c_char;
    fn test_drop(block: *mut c_char);
    fn strdup(text: *const c_char) -> *mut c_char;
}

struct Mimalloc;

// SAFETY: mimalloc keeps the contract of both.
unsafe impl GlobalAlloc for Mimalloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: any size and a power of two.
        unsafe { mi_malloc_aligned(layout.size(), layout.align()).cast() }
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the block comes from `alloc`.
        unsafe { mi_free(block.cast()) }
    }
}

#[global_allocator]
static GLOBAL: Mimalloc = Mimalloc;

fn main() {
    let rust = Box::new([1_u8; 100]);
    // SAFETY: the question reads nothing; each block is freed by who made it.
    unsafe {
        assert!(mi_is_in_heap_region(rust.as_ptr().cast()));
        let block = test_make(100);
        let copy = strdup(c"text".as_ptr());
        assert_eq!(CStr::from_ptr(copy), c"text");
        let same = mi_is_in_heap_region(block.cast());
        assert_eq!(same, mi_is_in_heap_region(copy.cast()));
        test_drop(block);
        test_drop(copy);
        println!("C is on {} heap", if same { "Rust's" } else { "another" });
    }
}
