//! What 32 bits may not reach from code: GOT loads of an address there must stay loads.
//!
//! Other references of small code have no second way; that they reach is checked when they are written.

use super::{InputSection, OutputSection};
use crate::elf::*;

/// Half of what 32 bits reach; linker-made sections, and the address that the program starts at, take the
/// rest.
pub const NEAR: u64 = 1 << 30;

/// Bytes that a section takes, its alignment included.
pub fn room(input: &InputSection) -> u64 {
    input.size + input.align()
}

/// Parts of the memory of a program. Large sections stand behind all others, and zeros behind what is stored
/// in the file, which code is amid.
const CODE: usize = 0;
const STORED: usize = 1;
const ZEROS: usize = 2;
const LARGE: usize = 3;

fn part(output: &OutputSection) -> usize {
    match output.kind {
        _ if output.flags & SHF_X86_64_LARGE != 0 => LARGE,
        _ if output.flags & SHF_EXECINSTR != 0 => CODE,
        SHT_NOBITS => ZEROS,
        _ => STORED,
    }
}

/// Whether each output section may be out of reach, in a program that has more than [`NEAR`] bytes or an
/// address for some section.
pub fn far(inputs: &[InputSection], outputs: &[OutputSection], pie: bool) -> Vec<bool> {
    let mut rooms = [0u64; 4];
    for input in inputs {
        if let Some(output) = outputs.get(input.output.index())
            && output.flags & SHF_ALLOC != 0
        {
            let all = &mut rooms[part(output)];
            *all = all.saturating_add(room(input));
        }
    }
    let stored = rooms[CODE].saturating_add(rooms[STORED]);
    let zeros = stored.saturating_add(rooms[ZEROS]);
    // The start-up code of a static-PIE loads addresses of functions before the GOT is relocated. In other
    // programs they are immediates, too, which what stands in front of the code may make too large.
    let is_far = [!pie && stored >= NEAR, stored >= NEAR, zeros >= NEAR, true];
    outputs.iter().map(|output| is_far[part(output)]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::SectionKind;
    use super::*;
    use crate::ids::OutputId;

    #[test]
    fn what_is_behind_too_much_is_far() {
        const A: u64 = SHF_ALLOC;
        let shapes = [
            (SHT_PROGBITS, A | SHF_EXECINSTR),
            (SHT_PROGBITS, A),
            (SHT_NOBITS, A | SHF_WRITE),
            (SHT_NOBITS, A | SHF_WRITE | SHF_X86_64_LARGE),
            (SHT_PROGBITS, 0),
        ];
        let output = |(kind, flags)| OutputSection {
            name: Vec::new(),
            kind,
            flags,
            entsize: 0,
            align: 1,
            members: Vec::new(),
            size: 0,
        };
        let outputs = shapes.map(output);
        let input = |(size, number): (u64, u32)| InputSection {
            size,
            offset: 0,
            output: OutputId(number),
            align_log2: 0,
            kind: SectionKind::Regular,
            rank: 0,
            ties: 0,
        };
        for (sizes, pie, expected) in [
            ([1, 1, 1, NEAR, NEAR], false, [false, false, false, true]),
            ([1, 1, NEAR, 1, 1], false, [false, false, true, true]),
            ([1, NEAR / 2, NEAR / 2, 1, 1], false, [false, false, true, true]),
            ([1, NEAR, 1, 1, 1], false, [true, true, true, true]),
            ([1, NEAR, 1, 1, 1], true, [false, true, true, true]),
            ([u64::MAX / 2, u64::MAX / 2, 9, 1, 1], true, [false, true, true, true]),
        ] {
            let inputs: Vec<_> = sizes.into_iter().zip(0..).map(input).collect();
            assert_eq!(far(&inputs, &outputs, pie)[..4], expected, "{sizes:?} {pie}");
        }
    }
}
