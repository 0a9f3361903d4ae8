//! The program's heap chosen at link time: every allocator in every kind of program, and what is
//! said where that can't be.

mod matrix;

use libtest_mimic::Arguments;

fn main() {
    let trials = [matrix::trials()];
    libtest_mimic::run(&Arguments::from_args(), trials.into_iter().flatten().collect()).exit();
}
