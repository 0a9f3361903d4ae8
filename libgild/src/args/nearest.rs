//! The name somebody probably meant.

use crate::edit_distance::edit_distance;

/// The candidate closest to `name`, if any is close enough to be worth proposing: one slip for
/// each three letters, at most three. Among equals the first wins.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= limit * 4)
        .map(|candidate| (edit_distance(&letters(name), &letters(candidate), limit), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

fn letters(name: &str) -> Vec<char> {
    name.chars().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_name_is_not_proposed() {
        assert_eq!(nearest("frobnicate", ["gc-sections", "strip-all"].into_iter()), None);
        assert_eq!(
            nearest("strip-al", ["gc-sections", "strip-all"].into_iter()),
            Some("strip-all")
        );
    }
}
