//! Rust and C in one program: each frees what the other allocated, which is only right while both
//! use the same heap (Rust's System allocator is malloc).

use std::alloc::{Layout, alloc, dealloc};
use std::ffi::{CStr, CString, c_char};
use std::thread;

#[path = "provider.rs"]
mod provider;

unsafe extern "C" {
    fn test_make(size: usize) -> *mut c_char;
    fn test_drop(block: *mut c_char);
    fn strdup(text: *const c_char) -> *mut c_char;
}

fn exchange() {
    for size in [1, 100, 5_000, 200_000, 3 << 20] {
        let layout = Layout::from_size_align(size, 1).unwrap();
        // SAFETY: without a #[global_allocator], alloc is malloc and dealloc is free for
        // alignments up to 16; the sizes are those of the blocks.
        unsafe {
            let from_c = test_make(size);
            provider::assert_owned(from_c.cast());
            assert!(std::slice::from_raw_parts(from_c.cast::<u8>(), size).iter().all(|&b| b == b'c'));
            dealloc(from_c.cast(), layout);
            let from_rust = alloc(layout);
            provider::assert_owned(from_rust);
            from_rust.write_bytes(1, size);
            test_drop(from_rust.cast());
        }
    }
}

fn main() {
    provider::begin();
    exchange();
    println!("ok exchange");
    let threads: Vec<_> = (0..4).map(|_| thread::spawn(|| (0..200).for_each(|_| exchange()))).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    println!("ok exchange on threads");
    let text = CString::new("from Rust").unwrap();
    // SAFETY: strdup returns a copy that its caller frees.
    unsafe {
        let copy = strdup(text.as_ptr());
        provider::assert_owned(copy.cast());
        assert_eq!(CStr::from_ptr(copy), text.as_c_str());
        test_drop(copy);
    }
    println!("ok mixed");
}
