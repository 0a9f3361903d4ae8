//! `gild`: turns a command line into an exit status.
fn main() {}
