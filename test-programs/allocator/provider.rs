//! The questions of `provider.h` for Rust, asked through the C functions in `provider.c`.

use std::ffi::{CStr, c_char, c_int, c_void};

#[link(name = "provider", kind = "static")]
unsafe extern "C" {
    fn test_provider_name() -> *const c_char;
    fn test_provider_owns(block: *const c_void) -> c_int;
}

/// Prints the provider; with an argument, insists on it.
pub fn begin() {
    // SAFETY: the function returns a string literal.
    let name = unsafe { CStr::from_ptr(test_provider_name()) }.to_str().unwrap();
    println!("provider={name}");
    if let Some(expected) = std::env::args().nth(1) {
        assert_eq!(name, expected, "wrong provider");
    }
}

/// The block is the provider's, as far as it can be asked.
pub fn assert_owned(block: *const u8) {
    // SAFETY: the function reads nothing through the pointer.
    assert_ne!(unsafe { test_provider_owns(block.cast()) }, 0, "{block:?} is not the provider's");
}
