//! The values options take: numbers, names, paths, and the small grammars of `--defsym`,
//! `--section-start` and `--build-id`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::error::ArgError;
use super::options::{BuildId, DefsymValue, Entry};

/// An option as it stood on the command line.
pub struct Given<'a> {
    /// The option as written, without its value, for messages.
    pub option: &'a str,
    /// The value; `None` if the option has none, or an optional one was left out.
    pub value: Option<&'a OsStr>,
}

impl Given<'_> {
    /// The value as text.
    pub fn text(&self) -> Result<&str, ArgError> {
        let value = self.raw()?;
        value.to_str().ok_or_else(|| ArgError::NotUtf8 {
            option: self.option.into(),
            value: value.to_string_lossy().into_owned(),
        })
    }

    /// The value as a path; any bytes will do.
    pub fn path(&self) -> Result<PathBuf, ArgError> {
        self.raw().map(PathBuf::from)
    }

    /// A decimal, `0x` hexadecimal or `0` octal number, as C's `strtoul` with base 0 reads it.
    pub fn number(&self) -> Result<u64, ArgError> {
        self.digits(self.text()?, Radix::Prefixed)
    }

    /// A power of two, in the notation of [`Given::number`].
    pub fn power_of_two(&self) -> Result<u64, ArgError> {
        let number = self.number()?;
        if number.is_power_of_two() { Ok(number) } else { Err(self.bad("a power of two")) }
    }

    /// An address, hexadecimal with or without `0x`. GNU ld manual, `-Ttext=ORG`.
    pub fn address(&self) -> Result<u64, ArgError> {
        self.digits(self.text()?, Radix::Hexadecimal)
    }

    /// `SECTION=ADDRESS`, the address hexadecimal. GNU ld manual, `--section-start`.
    pub fn section_start(&self) -> Result<(String, u64), ArgError> {
        match self.text()?.rsplit_once('=') {
            Some((section, address)) if !section.is_empty() => {
                Ok((section.into(), self.digits(address, Radix::Hexadecimal)?))
            }
            _ => Err(self.bad("of the form SECTION=ADDRESS")),
        }
    }

    /// A number in the notation of [`Given::number`], or a symbol. GNU ld manual, "Setting the Entry Point".
    pub fn entry(&self) -> Result<Entry, ArgError> {
        Ok(self.number().map_or(Entry::Symbol(self.text()?.into()), Entry::Address))
    }

    /// `SYMBOL=EXPRESSION`, where the expression is a sum of numbers and at most one symbol.
    pub fn defsym(&self) -> Result<(String, DefsymValue), ArgError> {
        match self.text()?.split_once('=') {
            Some((symbol, expression)) if is_symbol(symbol.trim()) => {
                Ok((symbol.trim().into(), self.expression(expression)?))
            }
            _ => Err(self.bad("of the form SYMBOL=EXPRESSION")),
        }
    }

    /// `fast`, `md5`, `sha1`, `tree`, `uuid`, `none` or `0x` and hexadecimal digits; `sha1` without
    /// a value. The algorithms' names stand for the lengths of what they give.
    pub fn build_id(&self) -> Result<Option<BuildId>, ArgError> {
        const SHA1: BuildId = BuildId::Hashed(20);
        if self.value.is_none() {
            return Ok(Some(SHA1));
        }
        let text = self.text()?;
        Ok(Some(match text {
            "none" => return Ok(None),
            "fast" => BuildId::Hashed(8),
            "md5" => BuildId::Hashed(16),
            "sha1" | "tree" => SHA1,
            "uuid" => BuildId::Uuid,
            _ => {
                text.strip_prefix("0x").and_then(hex_bytes).map(BuildId::Hex).ok_or_else(|| {
                    self.bad(
                        "fast, md5, sha1, tree, uuid, none or 0x with pairs of hexadecimal digits",
                    )
                })?
            }
        }))
    }

    /// JSON with the escapes that keep commas and quotes away from compilers' `-Wl,`; `None` if
    /// it is empty. GNU ld manual, `--package-metadata`.
    pub fn package_metadata(&self) -> Result<Option<String>, ArgError> {
        if self.value.is_none_or(OsStr::is_empty) {
            return Ok(None);
        }
        let decoded = percent_decode(self.text()?);
        decoded.map(Some).ok_or_else(|| self.bad("text with complete %XX or %[name] escapes"))
    }

    /// An error that says what the value should have been.
    pub fn bad(&self, expected: &'static str) -> ArgError {
        ArgError::BadValue { option: self.option.into(), value: self.lossy(), expected }
    }

    /// An error that says what gild does instead; see [`ArgError::Refused`].
    pub fn refuse(&self, reason: &'static str) -> ArgError {
        ArgError::Refused { option: self.written(), reason }
    }

    /// The option with its value, for messages.
    pub fn written(&self) -> String {
        match self.value {
            Some(_) => format!("{} {}", self.option, self.lossy()),
            None => self.option.into(),
        }
    }

    fn raw(&self) -> Result<&OsStr, ArgError> {
        self.value.ok_or_else(|| ArgError::MissingValue { option: self.option.into() })
    }

    fn lossy(&self) -> String {
        self.value.unwrap_or_default().to_string_lossy().into_owned()
    }

    fn digits(&self, text: &str, radix: Radix) -> Result<u64, ArgError> {
        let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let (digits, base, name) = match (hexadecimal, radix) {
            (Some(digits), _) => (digits, 16, "a hexadecimal number"),
            (None, Radix::Hexadecimal) => (text, 16, "a hexadecimal number"),
            (None, Radix::Prefixed) if text.len() > 1 && text.starts_with('0') => {
                (&text[1..], 8, "an octal number")
            }
            (None, Radix::Prefixed) => (text, 10, "a number"),
        };
        if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(base)) {
            return Err(self.bad(name));
        }
        // Nothing but overflow is left to go wrong.
        u64::from_str_radix(digits, base).map_err(|_| self.overflow(text))
    }

    fn overflow(&self, value: &str) -> ArgError {
        ArgError::NumberOverflow { option: self.option.into(), value: value.into() }
    }

    fn expression(&self, text: &str) -> Result<DefsymValue, ArgError> {
        let mut symbol = None;
        let mut sum = 0i128;
        for (negative, term) in terms(text) {
            if term.starts_with(|first: char| first.is_ascii_digit()) {
                let (digits, unit) = scaled(term);
                let number = i128::from(self.digits(digits, Radix::Prefixed)?) * unit;
                sum += if negative { -number } else { number };
            } else if !negative && is_symbol(term) && symbol.is_none() {
                symbol = Some(term.to_string());
            } else {
                return Err(self.bad("a sum of numbers and at most one symbol"));
            }
        }
        match symbol {
            Some(name) => {
                let addend = i64::try_from(sum).map_err(|_| self.overflow(text))?;
                Ok(DefsymValue::Symbol { name, addend })
            }
            // -1 is the address of 64 ones, as in a linker script.
            None => match i64::try_from(sum) {
                Ok(signed) => Ok(DefsymValue::Absolute(signed as u64)),
                Err(_) => {
                    u64::try_from(sum).map(DefsymValue::Absolute).map_err(|_| self.overflow(text))
                }
            },
        }
    }
}

#[derive(Clone, Copy)]
enum Radix {
    /// By prefix: `0x`, `0` or none.
    Prefixed,
    /// 16, whatever the prefix.
    Hexadecimal,
}

/// A number and what its suffix multiplies it by. GNU ld manual, "Constants".
fn scaled(term: &str) -> (&str, i128) {
    match term.split_at_checked(term.len() - 1) {
        Some((digits, "k" | "K")) => (digits, 1 << 10),
        Some((digits, "m" | "M")) => (digits, 1 << 20),
        _ => (term, 1),
    }
}

/// `a - 2 + b` as (false, "a"), (true, "2"), (false, "b").
fn terms(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let text = text.trim();
    // A sign in front belongs to the first term; otherwise the first term has none.
    let mut starts: Vec<usize> = text.match_indices(['+', '-']).map(|(at, _)| at).collect();
    if starts.first() != Some(&0) {
        starts.insert(0, 0);
    }
    starts.push(text.len());
    let pieces: Vec<&str> = starts.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect();
    pieces
        .into_iter()
        .map(|piece| (piece.starts_with('-'), piece.trim_start_matches(['+', '-']).trim()))
}

fn is_symbol(name: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '@' | '~' | '?');
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(allowed)
}

/// Pairs of hexadecimal digits; `-` and `:` between pairs are skipped (GNU ld manual,
/// `--build-id=0xHEXSTRING`).
fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for part in text.split(['-', ':']) {
        for pair in part.as_bytes().chunks(2) {
            let [high, low] = pair else { return None };
            let digit = |byte: u8| char::from(byte).to_digit(16);
            bytes.push((digit(*high)? * 16 + digit(*low)?) as u8);
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escaped)) = rest.split_once('%') {
        bytes.extend(plain.bytes());
        rest = match escaped.strip_prefix('[') {
            Some(named) => {
                let (name, rest) = named.split_once(']')?;
                bytes.push(match name {
                    "comma" => b',',
                    "lbrace" => b'{',
                    "quot" => b'"',
                    "rbrace" => b'}',
                    "space" => b' ',
                    _ => return None,
                });
                rest
            }
            None => {
                bytes.extend(hex_bytes(escaped.get(..2)?)?);
                &escaped[2..]
            }
        };
    }
    bytes.extend(rest.bytes());
    String::from_utf8(bytes).ok()
}

/// What is left of a value after so many bytes.
pub fn after(value: &OsStr, bytes: usize) -> &OsStr {
    OsStr::from_bytes(&value.as_bytes()[bytes..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(value: &str) -> Given<'_> {
        Given { option: "--x", value: Some(OsStr::new(value)) }
    }

    #[test]
    fn numbers_are_decimal_hexadecimal_or_octal() {
        for (text, expected) in [
            ("0", 0),
            ("10", 10),
            ("0x10", 16),
            ("0XfF", 255),
            ("010", 8),
            ("18446744073709551615", u64::MAX),
            ("0xffffffffffffffff", u64::MAX),
        ] {
            assert_eq!(given(text).number(), Ok(expected), "{text}");
        }
        for text in ["", "x", "0x", "08", "1k", "-1", "+1", " 1", "1_000"] {
            assert!(matches!(given(text).number(), Err(ArgError::BadValue { .. })), "{text:?}");
        }
        for text in ["18446744073709551616", "0x10000000000000000"] {
            let error = given(text).number();
            assert!(matches!(error, Err(ArgError::NumberOverflow { .. })), "{text}");
        }
    }

    #[test]
    fn entries_are_numbers_or_symbols() {
        for (text, address) in [("0x10", 16), ("010", 8), ("10", 10), ("0", 0)] {
            assert_eq!(given(text).entry(), Ok(Entry::Address(address)), "{text}");
        }
        for text in ["_start", "0x+10", "08", "1f", "", "-1"] {
            assert_eq!(given(text).entry(), Ok(Entry::Symbol(text.into())), "{text}");
        }
    }

    #[test]
    fn addresses_are_hexadecimal_without_a_prefix_too() {
        for (text, expected) in [("10", 16), ("0x10", 16), ("010", 16), ("ff", 255)] {
            assert_eq!(given(text).address(), Ok(expected), "{text}");
        }
        assert_eq!(given(".a=b=10").section_start(), Ok((".a=b".into(), 16)));
        assert!(given("=10").section_start().is_err());
        assert!(given(".text").section_start().is_err());
    }

    #[test]
    fn defsym_is_a_sum_of_numbers_and_one_symbol() {
        let symbol = |name: &str, addend| DefsymValue::Symbol { name: name.into(), addend };
        for (text, expected) in [
            ("a=0x10", DefsymValue::Absolute(16)),
            ("a=010", DefsymValue::Absolute(8)),
            ("a=4K", DefsymValue::Absolute(0x1000)),
            ("a=b-0x2m", symbol("b", -0x20_0000)),
            ("a=-1", DefsymValue::Absolute(u64::MAX)),
            ("a=0xffffffffffffffff", DefsymValue::Absolute(u64::MAX)),
            ("a=b", symbol("b", 0)),
            ("a = b + 0x10 - 1", symbol("b", 15)),
            ("a=4+b", symbol("b", 4)),
            ("a=b-8", symbol("b", -8)),
            ("a=.L$x@@V1", symbol(".L$x@@V1", 0)),
        ] {
            assert_eq!(given(text).defsym(), Ok(("a".into(), expected)), "{text}");
        }
        for text in
            ["a", "=1", "a=", "a=b+c", "a=-b", "a=b*2", "a=(b)", "1a=2", "a=b+", "a=9b", "a=1é"]
        {
            assert!(given(text).defsym().is_err(), "{text}");
        }
        for text in ["a=0x10000000000000000", "a=-0xffffffffffffffff", "a=b+0x8000000000000000"] {
            let error = given(text).defsym();
            assert!(matches!(error, Err(ArgError::NumberOverflow { .. })), "{text}");
        }
    }

    #[test]
    fn package_metadata_is_decoded() {
        for (text, expected) in [
            ("", None),
            ("{}", Some("{}")),
            ("%7B%22a%22:1%7D", Some("{\"a\":1}")),
            ("%[lbrace]%[quot]a%[quot]:1%[comma]%[space]%[rbrace]", Some("{\"a\":1, }")),
        ] {
            assert_eq!(given(text).package_metadata(), Ok(expected.map(String::from)), "{text}");
        }
        for text in ["%", "%7", "%zz", "%[comma", "%[pipe]", "%ff", "%é"] {
            assert!(given(text).package_metadata().is_err(), "{text}");
        }
    }

    #[test]
    fn build_id_styles() {
        for (text, expected) in [
            ("none", None),
            ("fast", Some(BuildId::Hashed(8))),
            ("md5", Some(BuildId::Hashed(16))),
            ("sha1", Some(BuildId::Hashed(20))),
            ("tree", Some(BuildId::Hashed(20))),
            ("uuid", Some(BuildId::Uuid)),
            ("0x12Ab", Some(BuildId::Hex(vec![0x12, 0xab]))),
            ("0x12-ab:cd", Some(BuildId::Hex(vec![0x12, 0xab, 0xcd]))),
        ] {
            assert_eq!(given(text).build_id(), Ok(expected), "{text}");
        }
        for text in ["", "0x", "0x1", "0xzz", "sha256", "12"] {
            assert!(given(text).build_id().is_err(), "{text}");
        }
        assert_eq!(Given { option: "", value: None }.build_id(), Ok(Some(BuildId::Hashed(20))));
    }
}
