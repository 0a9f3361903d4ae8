// Formatting, collections, files, processes, time and network of std.
// gild-test: stdout = map [("a", 1), ("b", 2)]
// gild-test: stdout = file 5 bytes, tcp ping
// gild-test: stdout = 1.5e10 0x2a

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

fn main() -> std::io::Result<()> {
    let map = BTreeMap::from([("b", 2), ("a", 1)]);
    println!("map {:?}", map.iter().collect::<Vec<_>>());
    let path = std::env::temp_dir().join(format!("std-sweep-{}", std::process::id()));
    std::fs::write(&path, "hello")?;
    let size = std::fs::metadata(&path)?.len();
    std::fs::remove_file(&path)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    client.write_all(b"ping")?;
    drop(client);
    let mut text = String::new();
    listener.accept()?.0.read_to_string(&mut text)?;
    println!("file {size} bytes, tcp {text}");
    println!("{:e} {:#x}", 1.5e10, 42);
    Ok(())
}
