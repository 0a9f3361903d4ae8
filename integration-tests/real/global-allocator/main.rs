//! Says whether C's malloc is on the same heap as Rust's `#[global_allocator]`.

use std::ffi::{c_char, c_void};

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
    fn strdup(text: *const c_char) -> *mut c_char;
}

fn owned(block: *const c_void) -> bool {
    // SAFETY: reads nothing through the pointer.
    unsafe { libmimalloc_sys::mi_is_in_heap_region(block) }
}

fn main() {
    let rust = vec![1_u8; 100];
    assert!(owned(rust.as_ptr().cast()));
    // SAFETY: blocks of malloc, freed once.
    unsafe {
        let (block, text) = (malloc(100), strdup(c"text".as_ptr()));
        let one = owned(block);
        assert_eq!(one, owned(text.cast()), "C has two heaps");
        free(block);
        free(text.cast());
        println!("C is on {} heap", if one { "Rust's" } else { "another" });
    }
}
