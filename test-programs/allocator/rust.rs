//! A Rust program on the system allocator: collections, threads that free each other's blocks,
//! layouts with large alignments, a panic that unwinds. Prints the provider and one `ok` a topic.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc};
use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc;
use std::thread;

#[path = "provider.rs"]
mod provider;

fn layouts() {
    for shift in 0..=15 {
        let align = 1 << shift;
        for size in [1, 24, 4096, 100_000, 3 << 20] {
            let layout = Layout::from_size_align(size, align).unwrap();
            // SAFETY: the layout's size isn't zero; each block is freed with the layout it has.
            unsafe {
                let p = alloc(layout);
                assert!(!p.is_null() && p.addr() % align == 0);
                provider::assert_owned(p);
                p.write_bytes(7, size);
                let p = realloc(p, layout, size * 2);
                provider::assert_owned(p);
                assert!(std::slice::from_raw_parts(p, size).iter().all(|&byte| byte == 7));
                dealloc(p, Layout::from_size_align(size * 2, align).unwrap());
                let p = alloc_zeroed(layout);
                assert!(std::slice::from_raw_parts(p, size).iter().all(|&byte| byte == 0));
                dealloc(p, layout);
            }
        }
    }
    println!("ok layouts");
}

fn collections() {
    let mut counts: HashMap<String, Vec<usize>> = HashMap::new();
    for i in 0..20_000 {
        counts.entry(format!("key {}", i % 997)).or_default().push(i);
    }
    let sorted: BTreeMap<_, _> = counts.into_iter().collect();
    assert_eq!(sorted.values().map(Vec::len).sum::<usize>(), 20_000);
    provider::assert_owned(sorted["key 1"].as_ptr().cast());
    println!("ok collections");
}

fn threads() {
    let (send, receive) = mpsc::channel::<Vec<String>>();
    let senders: Vec<_> = (0..4)
        .map(|id| {
            let send = send.clone();
            thread::spawn(move || {
                for i in 0..500 {
                    let block = (0..20).map(|n| format!("{id} {i} {n}")).collect();
                    send.send(block).unwrap();
                }
            })
        })
        .collect();
    drop(send);
    let total: usize = receive.iter().map(|block| block.len()).sum();
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    assert_eq!(total, 4 * 500 * 20);
    println!("ok threads");
}

fn panics() {
    std::panic::set_hook(Box::new(|_| {}));
    let caught = std::panic::catch_unwind(|| {
        let ballast = vec![1_u8; 10_000];
        assert!(ballast.is_empty(), "not empty: {}", ballast.len());
    });
    let message = caught.unwrap_err().downcast::<String>().unwrap();
    assert!(message.starts_with("not empty: 10000"));
    println!("ok panics");
}

fn main() {
    provider::begin();
    layouts();
    collections();
    threads();
    panics();
    println!("ok rust");
}
