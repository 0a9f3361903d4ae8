//! Says whether C's malloc is on the same heap as Rust's `#[global_allocator]`.

use std::ffi::{c_char, c_void};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(feature = "jemalloc")]
#[global_allocator]
static GLOBAL: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
    fn strdup(text: *const c_char) -> *mut c_char;
}

#[cfg(feature = "mimalloc")]
fn owned(block: *const c_void) -> bool {
    // SAFETY: reads nothing through the pointer.
    unsafe { libmimalloc_sys::mi_is_in_heap_region(block) }
}

#[cfg(feature = "jemalloc")]
fn owned(block: *const c_void) -> bool {
    let (mut arena, mut size) = (0_u32, size_of::<u32>());
    // SAFETY: jemalloc's manual: the pointer goes in, the number of its arena comes out.
    let error = unsafe {
        tikv_jemalloc_sys::mallctl(
            c"arenas.lookup".as_ptr(),
            (&raw mut arena).cast(),
            &raw mut size,
            (&raw const block).cast_mut().cast(),
            size_of_val(&block),
        )
    };
    error == 0
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
