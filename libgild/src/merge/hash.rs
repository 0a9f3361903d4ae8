//! Hash of a piece. Most are strings of 5 to 60 bytes.

/// Odd constants without pattern: the fractional part of pi.
const K: [u64; 4] =
    [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7345, 0xa409_3822_299f_31d1, 0x082e_fa98_ec4e_6c89];

/// The two halves of a 128-bit product, folded together.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

#[inline]
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).map_or(0, |word| u64::from_le_bytes(word.try_into().unwrap_or_default()))
}

#[inline]
fn u32_at(bytes: &[u8], at: usize) -> u64 {
    let word = bytes.get(at..at + 4);
    word.map_or(0, |word| u32::from_le_bytes(word.try_into().unwrap_or_default()).into())
}

/// The same in every run and on every machine: the order of the output depends on it.
#[inline]
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    // Spread over all bits: a length must not look like a byte.
    let seed = K[0] ^ (length as u64).wrapping_mul(K[3] | 1);
    if length <= 16 {
        let (a, b) = match length {
            8.. => (u64_at(bytes, 0), u64_at(bytes, length - 8)),
            4.. => (u32_at(bytes, 0), u32_at(bytes, length - 4)),
            1.. => {
                let [first, middle, last] = [0, length / 2, length - 1].map(|at| bytes[at]);
                (u64::from(first) << 8 | u64::from(middle), last.into())
            }
            0 => (0, 0),
        };
        return fold(fold(a ^ seed, b ^ K[1]), K[2]);
    }
    let mut state = seed;
    let mut rest = bytes;
    while rest.len() > 16 {
        state = fold(u64_at(rest, 0) ^ state, u64_at(rest, 8) ^ K[1]);
        rest = &rest[16..];
    }
    // The last 16 bytes, some of them for the second time.
    let last = &bytes[length - 16..];
    fold(fold(u64_at(last, 0) ^ state, u64_at(last, 8) ^ K[3]), K[2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_byte_of_every_length_counts() {
        let mut seen = HashSet::new();
        for length in 0..100 {
            let mut bytes = vec![b'a'; length];
            assert!(seen.insert(hash(&bytes)), "length {length}");
            for at in 0..length {
                bytes[at] = b'b';
                assert!(seen.insert(hash(&bytes)), "byte {at} of {length}");
                bytes[at] = b'a';
            }
        }
    }

    #[test]
    fn both_ends_of_the_hash_spread() {
        let (mut high, mut low) = (HashSet::new(), HashSet::new());
        for number in 0..4096 {
            let hash = hash(format!("symbol{number}").as_bytes());
            high.insert(hash >> 58);
            low.insert(hash as u32 >> 16);
        }
        // 4096 draws from 65536 meet 3960 values or so.
        assert_eq!(high.len(), 64);
        assert!(low.len() > 3800, "{}", low.len());
    }
}
