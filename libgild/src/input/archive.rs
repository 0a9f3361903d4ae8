//! `ar` archives: GNU, SysV and BSD layout, with or without index, thin archives.
//!
//! Format: the GNU binutils manual, System V's `ar.h` and FreeBSD's ar(5); a member has a 60-byte
//! header and even alignment.

use object::endian::{BigEndian as BE, U32, U64};
use object::pod::slice_from_bytes;

/// Magic of an ordinary archive.
pub const MAGIC: &[u8] = b"!<arch>\n";
/// Magic of a thin archive, whose members stay in files of their own.
pub const THIN_MAGIC: &[u8] = b"!<thin>\n";
const HEADER_SIZE: usize = 60;

/// One archive, its special members read.
#[derive(Clone, Copy, Debug)]
pub struct Archive<'data> {
    data: &'data [u8],
    /// Members are paths, not contents.
    pub thin: bool,
    index: Option<Index<'data>>,
    names: &'data [u8],
    first_member: u64,
}

/// The archive's own symbol index: entry `i` is the `i`th NUL-terminated name and the file offset of
/// the member that defines it.
#[derive(Clone, Copy, Debug)]
pub enum Index<'data> {
    /// `/`: 32-bit big-endian offsets.
    Short(&'data [U32<BE>], &'data [u8]),
    /// `/SYM64/`: 64-bit big-endian offsets.
    Long(&'data [U64<BE>], &'data [u8]),
}

/// One member.
#[derive(Clone, Copy, Debug)]
pub struct Member<'data> {
    /// File offset of the member's header.
    pub header: u64,
    /// Name without decoration.
    pub name: &'data [u8],
    /// Contents; empty in a thin archive.
    pub data: &'data [u8],
    /// Size in bytes, in a thin archive too.
    pub size: u64,
    /// In a thin archive: `name` is an archive, and this the file offset of its member's header.
    pub inner: Option<u64>,
    next: u64,
    kind: Special,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Special {
    No,
    Index,
    Index64,
    /// BSD's, which is left alone: such an archive counts as one without an index.
    BsdIndex,
    Names,
}

impl<'data> Archive<'data> {
    /// Reads the magic and the special members in front. Errors name what is malformed.
    pub fn parse(data: &'data [u8]) -> Result<Archive<'data>, String> {
        let thin = data.starts_with(THIN_MAGIC);
        if !thin && !data.starts_with(MAGIC) {
            return Err("not an archive".into());
        }
        let first_member = MAGIC.len() as u64;
        let mut archive = Archive { data, thin, index: None, names: &[], first_member };
        while (archive.first_member as usize) < data.len() {
            let member = archive.member(archive.first_member)?;
            match member.kind {
                // A second one, of COFF's kind, says the same in another way.
                Special::Index if archive.index.is_some() => {}
                Special::Index => archive.index = Some(Index::short(member.data)?),
                Special::Index64 => archive.index = Some(Index::long(member.data)?),
                Special::BsdIndex => {}
                Special::Names => archive.names = member.data,
                Special::No => break,
            }
            archive.first_member = member.next;
        }
        Ok(archive)
    }

    /// The symbol index, if the archive has one.
    pub fn index(&self) -> Option<Index<'data>> {
        self.index
    }

    /// All members, in file order.
    pub fn members(&self) -> impl Iterator<Item = Result<Member<'data>, String>> + '_ {
        let mut offset = self.first_member;
        let mut failed = false;
        std::iter::from_fn(move || {
            if failed || offset as usize >= self.data.len() {
                return None;
            }
            let member = self.member(offset);
            match &member {
                Ok(member) => offset = member.next,
                Err(_) => failed = true,
            }
            Some(member)
        })
        .filter(|member| !matches!(member, Ok(member) if member.kind != Special::No))
    }

    /// The member whose header is at file offset `offset`.
    pub fn member(&self, offset: u64) -> Result<Member<'data>, String> {
        let bad = |what: &str| format!("malformed archive: {what} at offset {offset:#x}");
        let start = usize::try_from(offset).map_err(|_| bad("member offset"))?;
        let header = self.data.get(start..).and_then(|data| data.get(..HEADER_SIZE));
        let header = header.ok_or_else(|| bad("truncated member header"))?;
        if &header[58..60] != b"`\n" {
            return Err(bad("no member header"));
        }
        let size = number(&header[48..58]).ok_or_else(|| bad("member size is no number"))?;
        let raw = header[..16].trim_ascii_end();
        // `/123:456`, which GNU ar writes for the members of an archive that went into a thin one.
        let (raw, inner) = match memchr::memchr(b':', raw) {
            Some(at) if self.thin && raw.starts_with(b"/") => (&raw[..at], number(&raw[at + 1..])),
            _ => (raw, None),
        };
        let kind = match raw {
            b"/" => Special::Index,
            b"/SYM64/" | b"/SYM64" => Special::Index64,
            b"//" => Special::Names,
            _ => Special::No,
        };
        let start = start + HEADER_SIZE;
        let stored = if self.thin && kind == Special::No { 0 } else { size };
        let end = usize::try_from(stored).ok().and_then(|size| start.checked_add(size));
        let end = end.ok_or_else(|| bad("member size"))?;
        let mut data = self.data.get(start..end).ok_or_else(|| bad("truncated member"))?;
        let name = if let Some(length) = raw.strip_prefix(b"#1/") {
            // BSD: the name stands in front of the contents.
            let length = number(length).ok_or_else(|| bad("member name"))? as usize;
            let name = data.get(..length).ok_or_else(|| bad("member name"))?;
            data = &data[length..];
            name.split(|&byte| byte == 0).next().unwrap_or(name)
        } else {
            self.name(raw).ok_or_else(|| bad("member name"))?
        };
        let next = end as u64 + (end as u64 & 1);
        let kind = match name {
            b"__.SYMDEF" | b"__.SYMDEF SORTED" | b"__.SYMDEF_64" | b"__.SYMDEF_64 SORTED" => {
                Special::BsdIndex
            }
            _ => kind,
        };
        Ok(Member { header: offset, name, data, size, inner, next, kind })
    }

    /// `name/`, `/123` (offset into the long names) or a special name.
    fn name(&self, raw: &'data [u8]) -> Option<&'data [u8]> {
        let long =
            raw.strip_prefix(b"/").filter(|rest| rest.first().is_some_and(u8::is_ascii_digit));
        if let Some(offset) = long {
            let name = self.names.get(number(offset)? as usize..)?;
            let end = memchr::memchr(b'\n', name).unwrap_or(name.len());
            return Some(name[..end].strip_suffix(b"/").unwrap_or(&name[..end]));
        }
        Some(raw.strip_suffix(b"/").unwrap_or(raw))
    }
}

impl<'data> Index<'data> {
    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Index::Short(offsets, _) => offsets.len(),
            Index::Long(offsets, _) => offsets.len(),
        }
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// File offset of the member that defines entry `entry`.
    pub fn offset(&self, entry: usize) -> Option<u64> {
        match self {
            Index::Short(offsets, _) => offsets.get(entry).map(|offset| offset.get(BE).into()),
            Index::Long(offsets, _) => offsets.get(entry).map(|offset| offset.get(BE)),
        }
    }

    /// All names, each ending in NUL, in the order of the entries.
    pub fn names(&self) -> &'data [u8] {
        match self {
            Index::Short(_, names) | Index::Long(_, names) => names,
        }
    }

    fn short(data: &'data [u8]) -> Result<Index<'data>, String> {
        let bad = |()| "malformed archive: truncated symbol index".to_string();
        let (count, data) = slice_from_bytes::<U32<BE>>(data, 1).map_err(bad)?;
        let (offsets, names) = slice_from_bytes(data, count[0].get(BE) as usize).map_err(bad)?;
        Ok(Index::Short(offsets, names))
    }

    fn long(data: &'data [u8]) -> Result<Index<'data>, String> {
        let bad = |()| "malformed archive: truncated symbol index".to_string();
        let (count, data) = slice_from_bytes::<U64<BE>>(data, 1).map_err(bad)?;
        let (offsets, names) = slice_from_bytes(data, count[0].get(BE) as usize).map_err(bad)?;
        Ok(Index::Long(offsets, names))
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, data: &[u8]) -> Vec<u8> {
        let mut out = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 644, data.len());
        if data.len() % 2 == 1 {
            out.push('\n');
            let mut bytes = out.into_bytes();
            bytes.splice(60..60, data.iter().copied());
            return bytes;
        }
        let mut bytes = out.into_bytes();
        bytes.extend(data);
        bytes
    }

    #[test]
    fn members_of_the_same_name_stay_apart() {
        let mut file = MAGIC.to_vec();
        file.extend(member("a.o/", b"one"));
        file.extend(member("a.o/", b"second"));
        let archive = Archive::parse(&file).unwrap();
        let found: Vec<_> =
            archive.members().map(|m| m.unwrap()).map(|m| (m.name, m.data)).collect();
        assert_eq!(found, [(&b"a.o"[..], &b"one"[..]), (b"a.o", b"second")]);
    }

    #[test]
    fn long_names_come_from_the_name_table() {
        let mut file = MAGIC.to_vec();
        file.extend(member("//", b"first_long_member_name.o/\nanother_long_name.o/\n"));
        file.extend(member("/26", b"x"));
        let archive = Archive::parse(&file).unwrap();
        assert_eq!(archive.members().next().unwrap().unwrap().name, b"another_long_name.o");
    }

    #[test]
    fn names_of_bsd_stand_before_the_contents_and_its_index_is_no_member() {
        for index in ["__.SYMDEF", "__.SYMDEF SORTED", "__.SYMDEF_64", "__.SYMDEF_64 SORTED"] {
            let mut file = MAGIC.to_vec();
            let padded = format!("{index}\0\0\0any bytes");
            file.extend(member(&format!("#1/{}", index.len() + 3), padded.as_bytes()));
            file.extend(member("#1/5", b"a b.oabcd"));
            let archive = Archive::parse(&file).unwrap();
            assert!(archive.index().is_none());
            let found: Vec<_> =
                archive.members().map(|m| m.unwrap()).map(|m| (m.name, m.data)).collect();
            assert_eq!(found, [(&b"a b.o"[..], &b"abcd"[..])], "{index}");
        }
    }

    #[test]
    fn the_second_index_of_a_coff_archive_is_left_alone() {
        let mut file = MAGIC.to_vec();
        file.extend(member("/", b"\0\0\0\x01\0\0\0\x9afoo\0"));
        file.extend(member("/", b"\x01\0\0\0\x9a\0\0\0\x01\0\0\0\x01\0foo\0"));
        file.extend(member("a.o/", b"abcd"));
        let archive = Archive::parse(&file).unwrap();
        assert_eq!(archive.index().unwrap().names(), b"foo\0");
        assert_eq!(archive.members().next().unwrap().unwrap().name, b"a.o");
    }

    #[test]
    fn every_truncation_is_an_error_or_shorter() {
        let mut file = MAGIC.to_vec();
        file.extend(member("/", b"\0\0\0\x01\0\0\0\x50foo\0"));
        file.extend(member("a.o/", b"abcd"));
        for length in 0..file.len() {
            let Ok(archive) = Archive::parse(&file[..length]) else { continue };
            assert!(archive.members().filter_map(Result::ok).all(|member| member.data.is_empty()));
            if let Some(index) = archive.index() {
                let offsets = (0..index.len()).filter_map(|entry| index.offset(entry));
                assert!(offsets.map(|offset| archive.member(offset)).all(|found| found.is_err()));
            }
        }
        let archive = Archive::parse(&file).unwrap();
        assert_eq!(
            archive.members().map(|member| member.unwrap().data).collect::<Vec<_>>(),
            [b"abcd"]
        );
        let offset = archive.index().unwrap().offset(0).unwrap();
        assert_eq!(archive.member(offset).unwrap().data, b"abcd");
    }
}
