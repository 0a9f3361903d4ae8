//! The program's heap chosen at link time: every allocator in every kind of program, and what is
//! said where that can't be.

mod completion;
mod errors;
mod matrix;
mod options;
mod others;
mod own_names;
mod pitfalls;
mod proof;

use libtest_mimic::Arguments;

fn main() {
    let trials = [
        matrix::trials(),
        options::trials(),
        completion::trials(),
        proof::trials(),
        errors::trials(),
        pitfalls::trials(),
        others::trials(),
        own_names::trials(),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials.into_iter().flatten().collect()).exit();
}
