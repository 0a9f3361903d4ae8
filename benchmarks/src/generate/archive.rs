//! Static archives in the System V format, with an index of symbols and a table of long names.

use anyhow::Result;
use std::io::Write;

/// An object in an archive.
pub struct Member {
    /// Its name, without a slash.
    pub name: String,
    /// Names that it defines.
    pub symbols: Vec<String>,
    /// The object.
    pub data: Vec<u8>,
}

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;

/// Writes an archive of `members`.
///
/// # Errors
/// Those of writing, or if it gets larger than the index can say.
pub fn write(out: &mut impl Write, members: &[Member]) -> Result<()> {
    let names = members.iter().map(|member| format!("{}/\n", member.name)).collect::<String>();
    let symbols = members.iter().flat_map(|member| &member.symbols);
    let index_size = 4 + symbols.map(|name| 4 + name.len() + 1).sum::<usize>();
    let first = MAGIC.len() + 2 * HEADER + even(index_size) + even(names.len());
    out.write_all(MAGIC)?;
    part(out, "/", &index(members, first)?)?;
    part(out, "//", names.as_bytes())?;
    let mut name_offset = 0;
    for member in members {
        part(out, &format!("/{name_offset}"), &member.data)?;
        name_offset += member.name.len() + 2;
    }
    Ok(())
}

/// The count, each symbol's member as its offset in the file, and the names.
fn index(members: &[Member], first: usize) -> Result<Vec<u8>> {
    let count = members.iter().map(|member| member.symbols.len()).sum::<usize>();
    let mut index = u32::try_from(count)?.to_be_bytes().to_vec();
    let mut offset = first;
    for member in members {
        let place = u32::try_from(offset)?.to_be_bytes();
        index.extend(member.symbols.iter().flat_map(|_| place));
        offset += HEADER + even(member.data.len());
    }
    for name in members.iter().flat_map(|member| &member.symbols) {
        index.extend(name.as_bytes());
        index.push(0);
    }
    Ok(index)
}

fn even(size: usize) -> usize {
    size.next_multiple_of(2)
}

/// A header and its data, padded to an even size.
fn part(out: &mut impl Write, name: &str, data: &[u8]) -> Result<()> {
    writeln!(out, "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 0, 644, data.len())?;
    out.write_all(data)?;
    if data.len() % 2 == 1 {
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::read::archive::ArchiveFile;

    #[test]
    fn the_index_leads_to_the_member_that_defines_a_name() {
        let member = |name: &str, symbol: &str, data: &[u8]| Member {
            name: name.to_owned(),
            symbols: vec![symbol.to_owned()],
            data: data.to_vec(),
        };
        let members =
            [member("odd.o", "first", b"abc"), member("a-rather-long-name.o", "second", b"defg")];
        let mut bytes = Vec::new();
        write(&mut bytes, &members).unwrap();
        let archive = ArchiveFile::parse(&bytes[..]).unwrap();
        let symbols = archive.symbols().unwrap().unwrap().map(|symbol| symbol.unwrap());
        let found = symbols.map(|symbol| {
            let member = archive.member(symbol.offset()).unwrap();
            (symbol.name(), member.name(), member.data(&bytes[..]).unwrap())
        });
        assert_eq!(
            found.collect::<Vec<_>>(),
            [
                (&b"first"[..], &b"odd.o"[..], &b"abc"[..]),
                (b"second", b"a-rather-long-name.o", b"defg"),
            ]
        );
    }
}
