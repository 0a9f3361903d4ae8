// Panics unwind through cleanups and closures, are caught, cross threads, and keep their payload.
// gild-test: variant debug =
// gild-test: variant release = -Copt-level=3
// gild-test: stdout = dropped 10, caught "level 0"
// gild-test: stdout = thread panicked: true
// gild-test: stdout = payload 7
// gild-test: stdout = after all

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};

static DROPPED: AtomicUsize = AtomicUsize::new(0);

struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

#[inline(never)]
fn descend(levels: usize) {
    let _guard = Guard;
    if levels == 1 {
        panic!("level {}", levels - 1);
    }
    descend(levels - 1);
}

fn main() {
    panic::set_hook(Box::new(|_| {}));
    let caught = panic::catch_unwind(|| descend(10)).unwrap_err();
    let text = caught.downcast_ref::<String>().unwrap();
    println!("dropped {}, caught {text:?}", DROPPED.load(Ordering::Relaxed));
    let joined = std::thread::spawn(|| Vec::<u8>::new()[1]).join();
    println!("thread panicked: {}", joined.is_err());
    let thrown = panic::catch_unwind(AssertUnwindSafe(|| panic::resume_unwind(Box::new(7u32))));
    println!("payload {}", thrown.unwrap_err().downcast_ref::<u32>().unwrap());
    println!("after all");
}
