//! What lives together in an object: section groups and `SHF_LINK_ORDER` (gABI, "Section Groups").

use crate::elf::*;
use crate::input::object::Object;
use object::LittleEndian as LE;
use object::endian::U32;
use object::pod::slice_from_all_bytes;

/// `InputSection::ties`: member of a section group.
pub(crate) const IN_GROUP: u8 = 1;
/// `InputSection::ties`: some `SHF_LINK_ORDER` section follows this one.
pub(crate) const HAS_DEPENDENTS: u8 = 2;
/// `InputSection::ties`: lives whatever refers to it.
pub(crate) const KEPT: u8 = 4;

/// Sections of an object that garbage collection must not part.
#[derive(Debug, Default)]
pub(crate) struct Ties {
    /// By header index: the next member of the same group, in a ring; 0 outside of groups. Empty
    /// without groups.
    ring: Vec<u32>,
    /// (section, its follower), sorted.
    dependents: Vec<(u32, u32)>,
}

impl Ties {
    /// Reads the groups and link orders of an object. Members that aren't `kept` are left out.
    pub(super) fn new(object: &Object, kept: impl Fn(u32) -> bool) -> Ties {
        let mut ties = Ties::default();
        let count = object.headers.len();
        for (shndx, header) in object.headers.iter().enumerate() {
            if header.kind() == SHT_GROUP {
                ties.add_group(object.section_data(shndx as u32), count, &kept);
            } else if header.flags() & SHF_LINK_ORDER != 0
                && (1..count as u32).contains(&header.link())
            {
                ties.dependents.push((header.link(), shndx as u32));
            }
        }
        ties.dependents.sort_unstable();
        ties
    }

    fn add_group(&mut self, data: &[u8], count: usize, kept: impl Fn(u32) -> bool) {
        let words: &[U32<LE>] = slice_from_all_bytes(data).unwrap_or(&[]);
        let members = words.get(1..).unwrap_or(&[]).iter().map(|word| word.get(LE));
        if self.ring.is_empty() {
            self.ring = vec![0; count];
        }
        let (mut first, mut last) = (0, 0);
        let exists = |member: u32| member != 0 && (member as usize) < count;
        for member in members.filter(|&member| exists(member) && kept(member)) {
            // A section is in one group at most; a malformed second mention would break a ring.
            if self.ring[member as usize] != 0 {
                continue;
            }
            if first == 0 {
                first = member;
            } else {
                self.ring[last as usize] = member;
            }
            last = member;
            self.ring[member as usize] = first;
        }
    }

    /// The next member of `shndx`'s group, round and round; 0 if it is in none.
    pub(crate) fn next_in_group(&self, shndx: u32) -> u32 {
        self.ring.get(shndx as usize).copied().unwrap_or(0)
    }

    /// The other members of `shndx`'s group.
    pub(super) fn group_of(&self, shndx: u32) -> impl Iterator<Item = u32> {
        let next = move |&member: &u32| Some(self.next_in_group(member));
        let ring = std::iter::successors(next(&shndx), next);
        ring.take_while(move |&member| member != shndx && member != 0)
    }

    /// The `SHF_LINK_ORDER` sections that follow `shndx`.
    pub(crate) fn dependents(&self, shndx: u32) -> impl Iterator<Item = u32> {
        let start = self.dependents.partition_point(|&(target, _)| target < shndx);
        let rest = &self.dependents[start..];
        rest.iter().take_while(move |&&(target, _)| target == shndx).map(|&(_, section)| section)
    }

    /// The sections that are tied, each with how.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, u8)> {
        let members = (0..).zip(&self.ring).filter(|(_, next)| **next != 0);
        let members = members.map(|(shndx, _)| (shndx, IN_GROUP));
        members.chain(self.dependents.iter().map(|&(target, _)| (target, HAS_DEPENDENTS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(members: &[u32]) -> Vec<u8> {
        [GRP_COMDAT].iter().chain(members).flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn a_group_is_a_ring_in_order() {
        let mut ties = Ties::default();
        ties.add_group(&group(&[3, 5, 4]), 8, |_| true);
        ties.add_group(&group(&[6, 7]), 8, |member| member != 7);
        assert_eq!([3, 5, 4].map(|member| ties.next_in_group(member)), [5, 4, 3]);
        assert_eq!(ties.next_in_group(6), 6);
        assert_eq!(ties.next_in_group(7), 0);
        assert_eq!(ties.group_of(5).collect::<Vec<_>>(), [4, 3]);
        assert_eq!(ties.group_of(6).chain(ties.group_of(7)).count(), 0);
    }

    #[test]
    fn malformed_groups_make_no_endless_walk() {
        let mut ties = Ties::default();
        ties.add_group(&group(&[3, 3, 99, 0, 5]), 8, |_| true);
        ties.add_group(&group(&[5, 2]), 8, |_| true);
        assert_eq!([3, 5].map(|member| ties.next_in_group(member)), [5, 3]);
        assert_eq!(ties.next_in_group(2), 2);
        ties.add_group(b"odd", 8, |_| true);
    }
}
