//! Order of constructors: SORT_BY_INIT_PRIORITY of GNU ld's default script, but for suffixes that are no
//! numbers. GNU ld compares those by name, with numbers too, which is no order.

/// Sort key of a section of `.init_array` or `.fini_array`: first those with a number, by priority
/// and then by name; then those with another suffix, by name; then those without, in the order of input.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct InitKey<'a> {
    plain: bool,
    priority: i64,
    name: &'a [u8],
}

/// The key of an input section by its name.
pub(super) fn init_key(name: &[u8]) -> InitKey<'_> {
    if matches!(name, b".init_array" | b".fini_array" | b".ctors" | b".dtors") {
        return InitKey { plain: true, priority: 0, name: b"" };
    }
    InitKey { plain: false, priority: priority(name).unwrap_or(i64::MAX), name }
}

/// `.init_array.N` is N, `.ctors.N` is 65535 - N; nothing for a suffix that is no number.
fn priority(name: &[u8]) -> Option<i64> {
    let dot = memchr::memrchr(b'.', name)?;
    let digits = std::str::from_utf8(&name[dot + 1..]).ok()?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let reversed = name.starts_with(b".ctors.") || name.starts_with(b".dtors.");
    Some(if reversed { 65535 - number } else { number })
}

/// Whether an output section is a list of functions that start-up or exit calls in order.
pub(super) fn is_init_list(output: &[u8]) -> bool {
    matches!(output, b".init_array" | b".fini_array")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_run_in_the_order_of_gnu_ld() {
        let sorted = [
            ".ctors.65536",
            ".init_array.0",
            ".init_array.00101",
            ".init_array.101",
            ".ctors.65433",
            ".init_array.102",
            ".init_array.1000",
            ".ctors.00001",
            ".init_array.99999999999999999999",
            ".init_array.first",
            ".init_array",
        ];
        let keys: Vec<InitKey> = sorted.iter().map(|name| init_key(name.as_bytes())).collect();
        assert!(keys.is_sorted(), "{keys:?}");
    }

    #[test]
    fn old_and_new_lists_without_priority_keep_the_order_of_input() {
        assert_eq!(init_key(b".init_array"), init_key(b".ctors"));
    }
}
