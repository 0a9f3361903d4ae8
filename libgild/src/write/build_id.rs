//! `--build-id`: a tree hash over the output, one leaf a span.
//!
//! The bytes identify the output; they are no signature. XXH3 runs at memory speed, so hashing a span
//! while it is in the cache costs next to nothing.

use crate::args::BuildId;
use crate::synth::Context;
use std::hash::{BuildHasher, RandomState};
use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

fn is_hashed(id: &BuildId) -> bool {
    matches!(id, BuildId::Hashed(_))
}

/// A span's leaf, taken while the span is in the cache; 0 when the build-id doesn't depend on the contents.
pub fn digest(context: Context, bytes: &[u8]) -> u128 {
    if context.options.build_id.as_ref().is_some_and(is_hashed) { xxh3_128(bytes) } else { 0 }
}

/// File offset and bytes of the identifier, if the output has a build-id note.
pub fn compute(context: Context, digests: &[u128]) -> Option<(u64, Vec<u8>)> {
    let range = context.layout.synth.build_id_descriptor()?;
    let note = context.layout.synth_place(crate::synth::SynthKind::BuildId)?;
    let leaves: Vec<u8> = digests.iter().flat_map(|digest| digest.to_le_bytes()).collect();
    let mut id = match context.options.build_id.as_ref()? {
        BuildId::Uuid => uuid().to_vec(),
        _ => {
            let (low, high) = (xxh3_128(&leaves), xxh3_128_with_seed(&leaves, 1));
            [low.to_le_bytes(), high.to_le_bytes()].concat()
        }
    };
    id.resize((range.end - range.start) as usize, 0);
    Some((note.offset + range.start, id))
}

/// RFC 4122 version 4. `RandomState` draws its keys from the system's random source.
fn uuid() -> [u8; 16] {
    let half = || RandomState::new().hash_one(std::process::id()).to_le_bytes();
    let mut id = [half(), half()].concat();
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    std::array::from_fn(|index| id[index])
}

#[cfg(test)]
mod tests {
    #[test]
    fn uuids_are_random_and_of_version_4() {
        let (one, two) = (super::uuid(), super::uuid());
        assert_ne!(one, two);
        assert_eq!((one[6] >> 4, one[8] >> 6), (4, 2));
    }
}
