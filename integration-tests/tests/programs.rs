//! Every program of `test-programs/`, in every cell of its matrix.

use integration_tests::suite;
use libtest_mimic::Arguments;

fn main() {
    let trials = suite::trials().expect("test-programs/ can be read");
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
