//! Laws of merging: every byte is found again, equal pieces are stored once, and the result is a
//! function of the input alone.

use super::chunk::Input;
use super::group::{Group, Shape};
use crate::ids::OutputId;
use crate::live::Live;

fn shape(strings: bool, entsize: u32, align: u64) -> Shape {
    Shape { output: OutputId(0), strings, entsize, align }
}

fn merge(shape: Shape, inputs: &[&[u8]], tail: bool) -> Group {
    let input = |data: &&'static [u8]| Input { data, index: u64::MAX };
    let leaked: Vec<&'static [u8]> = inputs.iter().map(|data| &*data.to_vec().leak()).collect();
    let inputs: Vec<Input> = leaked.iter().map(input).collect();
    Group::new(shape, &inputs, &Live::default(), tail).unwrap()
}

fn bytes(group: &Group) -> Vec<u8> {
    let mut all = Vec::new();
    for (range, bytes) in group.parts() {
        assert_eq!(range.start, all.len() as u64);
        all.extend_from_slice(bytes);
        assert!(range.end >= all.len() as u64);
        all.resize(range.end as usize, 0);
    }
    assert_eq!(all.len() as u64, group.size);
    all
}

/// End of the piece that `offset` is in.
fn piece(data: &[u8], offset: usize, shape: Shape) -> (usize, usize) {
    let entsize = shape.entsize as usize;
    let is_end = |unit: usize| data[unit * entsize..(unit + 1) * entsize].iter().all(|&b| b == 0);
    let (mut start, mut end) = (offset / entsize, offset / entsize);
    while shape.strings && start > 0 && !is_end(start - 1) {
        start -= 1;
    }
    while shape.strings && !is_end(end) {
        end += 1;
    }
    (start * entsize, (end + 1) * entsize)
}

/// The first law: each input byte is found, its piece whole and aligned.
fn check(group: &Group, inputs: &[&[u8]], shape: Shape, step: usize) {
    let output = bytes(group);
    for (number, data) in inputs.iter().enumerate() {
        for offset in (0..data.len()).step_by(step) {
            let (start, end) = piece(data, offset, shape);
            let place = group.lookup(number as u32, offset as u64).unwrap() as usize;
            let place = place - (offset - start);
            assert_eq!(output[place..place + end - start], data[start..end], "{number}+{offset}");
            assert!((place as u64).is_multiple_of(shape.align));
        }
        let size = data.len() as u64;
        let last = group.lookup(number as u32, size - 1).unwrap();
        assert_eq!(group.lookup(number as u32, size), Some(last + 1));
        assert_eq!(group.lookup(number as u32, size + 1), None);
    }
    assert_eq!(group.lookup(inputs.len() as u32, 0), None);
}

#[test]
fn a_table_of_cases() {
    type Case<'a> = (Shape, bool, &'a [&'a [u8]], u64);
    let cases: &[Case] = &[
        (shape(true, 1, 1), false, &[b"a\0b\0", b"b\0a\0", b"c\0"], 6),
        (shape(true, 1, 1), false, &[b"\0\0\0", b"\0"], 1),
        (shape(true, 1, 1), false, &[b"foobar\0bar\0"], 11),
        (shape(true, 1, 1), true, &[b"foobar\0bar\0", b"r\0", b"\0"], 7),
        (shape(true, 1, 8), false, &[b"abc\0\0\0\0\0abc\0"], 9),
        (shape(true, 2, 2), false, &[b"a\0b\0\0\0", b"a\0b\0\0\0b\0\0\0"], 10),
        (shape(true, 2, 2), true, &[b"a\0b\0\0\0", b"b\0\0\0"], 6),
        // The bytes of "b" end the bytes of "ab", but not at a unit of it.
        (shape(true, 2, 2), true, &[b"\0ab\0\0\0", b"ab\0\0"], 10),
        (shape(true, 4, 4), false, &[b"a\0\0\0\0\0\0\0\0a\0\0\0\0\0\0"], 16),
        (shape(false, 4, 4), false, &[&[1, 2, 3, 4, 5, 6, 7, 8], &[5, 6, 7, 8]], 8),
        (shape(false, 3, 1), false, &[&[1, 2, 3, 4, 5, 6], &[2, 3, 4, 1, 2, 3]], 9),
        (shape(false, 16, 16), false, &[&[7; 16], &[7; 32]], 16),
        (shape(false, 4, 8), false, &[&[1, 2, 3, 4, 5, 6, 7, 8]], 12),
    ];
    for (number, &(shape, tail, inputs, size)) in cases.iter().enumerate() {
        let group = merge(shape, inputs, tail);
        assert_eq!(group.size, size, "case {number}");
        check(&group, inputs, shape, 1);
    }
}

/// Numbers without pattern, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

fn strings(numbers: &mut Numbers, size: usize, entsize: usize) -> Vec<u8> {
    let mut data = Vec::with_capacity(size + 64);
    while data.len() < size {
        let text = format!("name{}", numbers.below(20_000));
        for byte in text.bytes().take(numbers.below(12) as usize) {
            data.push(byte);
            data.resize(data.len().next_multiple_of(entsize), 0);
        }
        data.resize(data.len() + entsize, 0);
    }
    data
}

#[test]
fn large_inputs_of_each_unit() {
    let mut numbers = Numbers(1);
    for (entsize, align) in [(1, 1), (2, 2), (4, 4), (1, 4)] {
        let inputs: Vec<Vec<u8>> = [3_000_000, 40_000, 1 << 20, 5]
            .iter()
            .map(|&size| strings(&mut numbers, size, entsize as usize))
            .collect();
        let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
        let shape = shape(true, entsize, align);
        for tail in [false, true] {
            let group = merge(shape, &inputs, tail);
            check(&group, &inputs, shape, 997);
            let input: usize = inputs.iter().map(|data| data.len()).sum();
            assert!(group.size * 4 < input as u64);
        }
    }
}

#[test]
fn strings_longer_than_a_chunk() {
    let mut long = vec![b'x'; 5 << 20];
    long[4 << 20] = 0;
    *long.last_mut().unwrap() = 0;
    let twin = [b"short\0", long.as_slice(), b"end\0"].concat();
    let inputs = [&long[..], &twin[..], b"end\0"];
    let shape = shape(true, 1, 1);
    let group = merge(shape, &inputs, false);
    check(&group, &inputs, shape, 100_003);
    for offset in [0, (1 << 20) - 1, 1 << 20, (4 << 20) - 1, 4 << 20, (4 << 20) + 1] {
        let place = group.lookup(0, offset).unwrap();
        assert_eq!(bytes(&group)[place as usize], long[offset as usize]);
    }
}

#[test]
fn many_constants() {
    let mut numbers = Numbers(2);
    let data: Vec<u8> = (0..400_000).flat_map(|_| numbers.below(5000).to_le_bytes()).collect();
    let shape = shape(false, 8, 8);
    let inputs = [&data[..], &data[8..4096], &data[..8]];
    let group = merge(shape, &inputs, false);
    assert_eq!(group.size, 5000 * 8);
    check(&group, &inputs, shape, 1009);
}

#[test]
fn the_same_bytes_at_any_number_of_threads() {
    let mut numbers = Numbers(3);
    let inputs: Vec<Vec<u8>> = (0..50).map(|_| strings(&mut numbers, 100_000, 1)).collect();
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let with_threads = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| bytes(&merge(shape(true, 1, 1), &inputs, false)))
    };
    let one = with_threads(1);
    assert!([2, 8].iter().all(|&threads| with_threads(threads) == one));
}
