//! Laws of address assignment, over a table of images.

use super::addresses::{Addresses, Rules, assign};
use super::plan::{Item, Role, plan};
use super::rank::Class;
use crate::args::SeparateSegments;
use crate::elf::*;

fn item(class: Class, kind: u32, flags: u64, size: u64, align: u64) -> Item {
    Item { class, kind, flags, size, align, fixed: None, role: Role::Plain }
}

fn hello() -> Vec<Item> {
    use Class::*;
    vec![
        item(Read, SHT_NOTE, 0, 0x20, 8),
        item(Read, SHT_NOTE, 0, 0x24, 4),
        item(Read, SHT_NOTE, 0, 0x20, 4),
        item(Read, SHT_PROGBITS, 0, 0x1234, 32),
        item(Execute, SHT_PROGBITS, 0, 0x4321, 16),
        item(Relro, SHT_PROGBITS, SHF_TLS, 0x14, 16),
        item(Relro, SHT_NOBITS, SHF_TLS, 0x105, 4),
        item(Relro, SHT_INIT_ARRAY, 0, 0x8, 8),
        item(Write, SHT_PROGBITS, 0, 0x77, 8),
        item(Write, SHT_NOBITS, 0, 0x5005, 64),
    ]
}

fn images() -> Vec<Vec<Item>> {
    use Class::*;
    let mut images = vec![vec![], hello()];
    images.push(hello().into_iter().filter(|item| item.class != Read).collect());
    images.push(hello().into_iter().filter(|item| item.is_tbss()).collect());
    let mut large = hello();
    large.push(item(LargeRead, SHT_PROGBITS, 0, 0x11, 1));
    large.push(item(LargeWrite, SHT_PROGBITS, 0, 0x11, 1));
    large.push(item(LargeWrite, SHT_NOBITS, 0, 1 << 33, 1 << 21));
    images.push(large);
    let mut empty = hello();
    empty.iter_mut().step_by(2).for_each(|item| item.size = 0);
    images.push(empty);
    let mut aligned = hello();
    aligned[3].align = 1 << 21;
    aligned[4].align = 1 << 14;
    aligned[8].align = 1 << 16;
    images.push(aligned.clone());
    // More than the usual base.
    aligned[3].align = 1 << 23;
    images.push(aligned);
    images
}

fn all(check: impl Fn(&[Item], &Rules, &Addresses)) {
    use SeparateSegments::*;
    for items in images() {
        for separate in [None, Code, All] {
            for (image_base, pie) in [(0x40_0000, false), (0, true)] {
                for page in [0x1000, 0x1_0000, 0x20_0000] {
                    let stack = (PF_R | PF_W, 0);
                    let rules = Rules { image_base, page, separate, pie, stack };
                    let found = assign(&items, &plan(&items, pie), &rules).unwrap();
                    check(&items, &rules, &found);
                }
            }
        }
    }
}

fn loads(found: &Addresses) -> impl Iterator<Item = &super::Segment> {
    found.segments.iter().filter(|segment| segment.kind == PT_LOAD)
}

#[test]
fn the_planned_number_of_program_headers_is_made() {
    all(|items, rules, found| assert_eq!(found.segments.len(), plan(items, rules.pie).count));
}

#[test]
fn offsets_are_congruent_to_addresses() {
    all(|items, rules, found| {
        for load in loads(found) {
            assert!(load.align >= rules.page);
            assert_eq!(load.offset % load.align, load.address % load.align);
        }
        for (item, spot) in items.iter().zip(&found.spots) {
            if item.size == 0 {
                continue;
            }
            assert_eq!(spot.address % item.align, 0);
            if spot.file_size != 0 {
                assert_eq!(spot.offset % rules.page, spot.address % rules.page);
            }
        }
    });
}

#[test]
fn no_page_has_two_segments() {
    all(|_, rules, found| {
        let loads: Vec<_> = loads(found).collect();
        assert_eq!((loads[0].address, loads[0].offset), (rules.image_base, 0));
        for pair in loads.windows(2) {
            let end = pair[0].address + pair[0].size;
            assert!(end.div_ceil(rules.page) <= pair[1].address / rules.page);
            assert!(pair[0].offset + pair[0].file_size <= pair[1].offset);
        }
    });
}

#[test]
fn every_section_is_in_a_segment_of_its_rights() {
    all(|items, _, found| {
        for (item, spot) in items.iter().zip(&found.spots) {
            if item.size == 0 || item.is_tbss() {
                continue;
            }
            let end = spot.address + item.size;
            let load =
                loads(found).find(|l| l.address <= spot.address && end <= l.address + l.size);
            let load = load.expect("no segment");
            assert_eq!(load.flags, item.class.flags());
            if spot.file_size != 0 {
                assert_eq!(spot.offset - load.offset, spot.address - load.address);
                assert!(spot.offset + spot.file_size <= load.offset + load.file_size);
            } else {
                assert!(spot.address >= load.address + load.file_size);
            }
        }
    });
}

#[test]
fn relro_ends_at_a_page() {
    all(|_, rules, found| {
        for relro in found.segments.iter().filter(|segment| segment.kind == PT_GNU_RELRO) {
            assert_eq!((relro.address + relro.size) % rules.page, 0);
        }
    });
}

#[test]
fn tbss_takes_room_in_the_template_only() {
    let items = hello();
    let stack = (PF_R | PF_W, 0);
    let rules = Rules {
        image_base: 0x40_0000,
        page: 0x1000,
        separate: SeparateSegments::None,
        pie: false,
        stack,
    };
    let found = assign(&items, &plan(&items, false), &rules).unwrap();
    let tls = found.segments.iter().find(|segment| segment.kind == PT_TLS).unwrap();
    assert_eq!((tls.file_size, tls.size, tls.align), (0x14, 0x14 + 0x105, 16));
    assert_eq!(found.spots[7].address, found.spots[5].address + 0x18);
}

#[test]
fn notes_of_one_alignment_share_a_header() {
    let items = hello();
    assert_eq!(plan(&items, false).notes, [0..1, 1..3]);
}

#[test]
fn code_pages_hold_code_alone_if_asked_for() {
    all(|_, rules, found| {
        if rules.separate == SeparateSegments::None {
            return;
        }
        for load in loads(found).filter(|load| load.flags & PF_X != 0) {
            assert_eq!(load.offset % rules.page, 0);
            let after = loads(found).find(|next| next.offset > load.offset);
            assert!(after.is_none_or(|next| {
                next.offset / rules.page >= (load.offset + load.file_size).div_ceil(rules.page)
            }));
        }
    });
}

#[test]
fn a_section_stands_where_the_command_line_wants_it() {
    let mut items = hello();
    items[4].fixed = Some(0x80_0010);
    items[8].fixed = Some(0xa0_0000);
    let rules = Rules {
        image_base: 0x40_0000,
        page: 0x1000,
        separate: SeparateSegments::None,
        pie: false,
        stack: (PF_R, 0),
    };
    let found = assign(&items, &plan(&items, false), &rules).unwrap();
    assert_eq!((found.spots[4].address, found.spots[8].address), (0x80_0010, 0xa0_0000));
    let load = loads(&found).nth(1).unwrap();
    assert_eq!((load.address, load.offset % 0x1000), (0x80_0010, 0x10));
}

#[test]
fn what_leaves_the_address_space_is_refused() {
    let mut items = hello();
    items[9].size = 1 << 48;
    let rules = Rules {
        image_base: 0x40_0000,
        page: 0x1000,
        separate: SeparateSegments::None,
        pie: false,
        stack: (PF_R, 0),
    };
    assert!(assign(&items, &plan(&items, false), &rules).is_none());
    items[9].size = u64::MAX;
    assert!(assign(&items, &plan(&items, false), &rules).is_none());
}
