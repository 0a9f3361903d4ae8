// Threads, channels, scoped threads, thread locals with destructors.
// gild-test: stdout = sum 4950
// gild-test: stdout = scoped 6
// gild-test: stdout = locals 4 destroyed 4

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

static MADE: AtomicUsize = AtomicUsize::new(0);
static DESTROYED: AtomicUsize = AtomicUsize::new(0);

struct Local(Cell<usize>);

impl Drop for Local {
    fn drop(&mut self) {
        DESTROYED.fetch_add(1, Ordering::SeqCst);
    }
}

thread_local! {
    static LOCAL: Local = {
        MADE.fetch_add(1, Ordering::SeqCst);
        Local(Cell::new(0))
    };
}

fn main() {
    let (sender, receiver) = mpsc::channel();
    let threads: Vec<_> = (0..4)
        .map(|start| {
            let sender = sender.clone();
            thread::spawn(move || {
                for number in (start..100).step_by(4) {
                    LOCAL.with(|local| local.0.set(local.0.get() + 1));
                    sender.send(number).unwrap();
                }
                assert_eq!(LOCAL.with(|local| local.0.get()), 25);
            })
        })
        .collect();
    drop(sender);
    println!("sum {}", receiver.iter().sum::<usize>());
    for thread in threads {
        thread.join().unwrap();
    }
    let mut numbers = [1, 2, 3];
    thread::scope(|scope| {
        for number in &mut numbers {
            scope.spawn(move || *number *= 1);
        }
    });
    println!("scoped {}", numbers.iter().sum::<usize>());
    let (made, destroyed) = (MADE.load(Ordering::SeqCst), DESTROYED.load(Ordering::SeqCst));
    println!("locals {made} destroyed {destroyed}");
}
