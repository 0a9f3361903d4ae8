//! `.relr.dyn`: relative relocations as addresses and bitmaps (gABI, "Relative Relocation Table").

/// Appends the encoding of `addresses`, which are even, ascending and distinct, to `words`.
///
/// A word with the lowest bit clear is an address to relocate; a word with it set says which of the
/// 63 words behind the last one covered need it too.
pub fn encode(addresses: impl IntoIterator<Item = u64>, words: &mut Vec<u64>) {
    let mut addresses = addresses.into_iter().peekable();
    while let Some(address) = addresses.next() {
        words.push(address);
        let mut base = address.wrapping_add(8);
        loop {
            let mut bitmap = 0u64;
            while let Some(&next) = addresses.peek() {
                let distance = next.wrapping_sub(base);
                if distance >= 63 * 8 || distance % 8 != 0 {
                    break;
                }
                bitmap |= 1 << (distance / 8);
                addresses.next();
            }
            if bitmap == 0 {
                break;
            }
            words.push(bitmap << 1 | 1);
            base = base.wrapping_add(63 * 8);
        }
    }
}

/// A word that relocates nothing: pads a table whose size was fixed before its addresses were.
pub const PADDING: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    /// What a program's start-up code does with the table.
    fn decode(words: &[u64]) -> Vec<u64> {
        let mut addresses = Vec::new();
        let mut base = 0;
        for &word in words {
            if word & 1 == 0 {
                addresses.push(word);
                base = word + 8;
            } else {
                let bits = (0..63).filter(|bit| word >> (bit + 1) & 1 == 1);
                addresses.extend(bits.map(|bit| base + bit * 8));
                base += 63 * 8;
            }
        }
        addresses
    }

    #[test]
    fn every_address_comes_back_once() {
        let tables: &[&[u64]] = &[
            &[],
            &[0x1000],
            &[0x1000, 0x1008, 0x1010],
            &[0x1000, 0x1002, 0x1004, 0x100c],
            &[0x1000, 0x1000 + 8 * 63, 0x1000 + 8 * 64, 0x1000 + 8 * 127],
            &[0x1000, 0x9000, 0x9008, 0x9100],
        ];
        for addresses in tables {
            let mut words = Vec::new();
            encode(addresses.iter().copied(), &mut words);
            assert_eq!(&decode(&words), addresses);
            words.push(PADDING);
            assert_eq!(&decode(&words), addresses);
        }
    }

    #[test]
    fn pseudorandom_tables_come_back() {
        let mut state = 1u64;
        let mut address = 0x2000;
        let addresses: Vec<u64> = (0..10_000)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                address += [8, 8, 8, 16, 2, 0x1ff0, 504, 512][(state >> 60) as usize % 8];
                address
            })
            .collect();
        let mut words = Vec::new();
        encode(addresses.iter().copied(), &mut words);
        assert_eq!(decode(&words), addresses);
    }

    #[test]
    fn a_full_vtable_costs_a_bit_a_word() {
        let mut words = Vec::new();
        encode((0..64).map(|i| 0x1000 + i * 8), &mut words);
        assert_eq!(words.len(), 2);
    }
}
