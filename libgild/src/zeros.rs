//! The ends of many short strings, 64 bytes at a time: a search for each costs as much as 100 bytes.

/// Calls `found` with the position of each zero.
pub fn each_zero(bytes: &[u8], mut found: impl FnMut(usize)) {
    for (block, start) in bytes.chunks(64).zip((0..).step_by(64)) {
        let mut zeros = zero_bytes(block);
        while zeros != 0 {
            found(start + zeros.trailing_zeros() as usize);
            zeros &= zeros - 1;
        }
    }
}

/// One bit for each zero among up to 64 bytes.
#[inline]
pub fn zero_bytes(block: &[u8]) -> u64 {
    let (vectors, rest) = block.as_chunks::<16>();
    if let [a, b, c, d] = vectors {
        return zeros_of(a) | zeros_of(b) << 16 | zeros_of(c) << 32 | zeros_of(d) << 48;
    }
    let whole = (0..).zip(vectors).map(|(at, vector)| zeros_of(vector) << (16 * at));
    let rest = (16 * vectors.len()..).zip(rest).map(|(at, &byte)| u64::from(byte == 0) << at);
    whole.chain(rest).fold(0, |zeros, bits| zeros | bits)
}

/// One bit for each zero among 16 bytes.
#[inline]
#[cfg(target_arch = "x86_64")]
fn zeros_of(bytes: &[u8; 16]) -> u64 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_setzero_si128,
    };
    // SAFETY: every x86-64 has SSE2; the load is of these 16 bytes and needs no alignment.
    let mask = unsafe {
        let vector = _mm_loadu_si128(std::ptr::from_ref(bytes).cast::<__m128i>());
        _mm_movemask_epi8(_mm_cmpeq_epi8(vector, _mm_setzero_si128()))
    };
    (mask as u16).into()
}

#[cfg(not(target_arch = "x86_64"))]
fn zeros_of(bytes: &[u8; 16]) -> u64 {
    (0..).zip(bytes).fold(0, |zeros, (at, &byte)| zeros | u64::from(byte == 0) << at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_of_any_block() {
        let mut block = [1u8; 64];
        assert_eq!(zero_bytes(&block), 0);
        for at in [0, 1, 7, 8, 31, 62, 63] {
            block[at] = 0;
            assert_eq!(zero_bytes(&block) >> at & 1, 1, "{at}");
            assert_eq!(zero_bytes(&block[..at]) >> (at.max(1) - 1) >> 1, 0, "{at}");
        }
        assert_eq!(zero_bytes(&[0; 64]), u64::MAX);
        assert_eq!(zero_bytes(&[0x80, 0, 1, 0, 0xff]), 0b01010);
    }

    #[test]
    fn each_zero_is_found_once() {
        for length in [0, 1, 63, 64, 65, 200] {
            let bytes: Vec<u8> = (0..length).map(|at| u8::from(at % 7 != 3)).collect();
            let mut found = Vec::new();
            each_zero(&bytes, |at| found.push(at));
            assert_eq!(found, (3..length as usize).step_by(7).collect::<Vec<_>>());
        }
    }
}
