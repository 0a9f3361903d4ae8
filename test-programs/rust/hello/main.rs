// gild-test: stdout = hello, world
// gild-test: variant debug =
// gild-test: variant release = -Copt-level=3 -Cdebuginfo=0

fn main() {
    println!("hello, world");
}
