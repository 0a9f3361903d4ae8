// A backtrace finds functions by .symtab, and file and line by DWARF, in its own executable.
// gild-test: stdout = outer at main.rs:18
// gild-test: stdout = inner at main.rs:13
// gild-test: cflags = -Copt-level=0
// gild-test: variant debug = -Cdebuginfo=2
// gild-test: variant lines = -Cdebuginfo=line-tables-only

use std::backtrace::Backtrace;

#[inline(never)]
fn inner() -> String {
    // Line 13 is the next one.
    Backtrace::force_capture().to_string()
}

#[inline(never)]
fn outer() -> String {
    inner()
}

fn main() {
    let trace = outer();
    let lines: Vec<&str> = trace.lines().collect();
    for name in ["outer", "inner"] {
        let frame = lines.iter().position(|line| line.ends_with(&format!("::{name}")));
        let Some(frame) = frame else {
            println!("{name} not found in\n{trace}");
            continue;
        };
        let place = lines[frame + 1].rsplit('/').next().unwrap_or("nowhere");
        let place = place.rsplit_once(':').map_or(place, |(line, _column)| line);
        println!("{name} at {place}");
    }
}
