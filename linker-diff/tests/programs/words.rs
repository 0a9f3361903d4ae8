//! Strings, panics, trait objects and threads.

use std::collections::BTreeMap;
use std::fmt::Display;

trait Speak {
    fn speak(&self) -> String;
}

struct Dog(u32);
struct Cat(&'static str);

impl Speak for Dog {
    fn speak(&self) -> String {
        format!("woof {}", self.0)
    }
}

impl Speak for Cat {
    fn speak(&self) -> String {
        format!("meow {}", self.0)
    }
}

#[inline(never)]
fn show(items: &[Box<dyn Speak>]) -> Vec<String> {
    items.iter().map(|i| i.speak()).collect()
}

#[inline(never)]
fn count<T: Display>(words: &[T]) -> BTreeMap<String, usize> {
    let mut map = BTreeMap::new();
    for word in words {
        *map.entry(word.to_string()).or_insert(0) += 1;
    }
    map
}

fn main() {
    let animals: Vec<Box<dyn Speak>> = vec![Box::new(Dog(3)), Box::new(Cat("tom"))];
    println!("{:?}", show(&animals));
    println!("{:?}", count(&["a", "b", "a"]));
    let handle = std::thread::spawn(|| std::panic::catch_unwind(|| panic!("expected")).is_err());
    println!("{}", handle.join().unwrap_or(false));
}
