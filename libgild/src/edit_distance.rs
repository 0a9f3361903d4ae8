//! How far one name is from another, for proposals in messages. Names are bytes, and a link has hundreds
//! of thousands of them, nearly all too far: so the count ends at the limit, where strsim's goes on.

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of
/// neighbours, each counting 1. Anything beyond `limit` is `limit + 1`.
pub(crate) fn edit_distance<T: PartialEq>(a: &[T], b: &[T], limit: usize) -> usize {
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let substitution = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = substitution.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        if row.iter().min().is_some_and(|&least| least > limit) {
            return limit + 1;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()].min(limit + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_each_slip_once() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("gc-sectons", "gc-sections", 1),
            ("strip-lal", "strip-all", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(edit_distance(a.as_bytes(), b.as_bytes(), 9), expected, "{a} {b}");
            assert_eq!(edit_distance(b.as_bytes(), a.as_bytes(), 9), expected, "{b} {a}");
        }
    }

    #[test]
    fn far_is_one_more_than_the_limit() {
        assert_eq!(edit_distance(b"kitten", b"sitting", 1), 2);
        assert_eq!(edit_distance(b"", b"abcdef", 3), 4);
    }
}
