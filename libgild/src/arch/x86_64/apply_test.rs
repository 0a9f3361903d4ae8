//! The bounds of every field.

use super::classify::{Prefix, TlsCall};
use super::*;

/// Writes `value` to a field.
fn put(width: Width, value: i64) -> Result<[u8; 8], RelocationError> {
    let mut bytes = [0; 8];
    let values = Values { s: value.cast_unsigned(), ..Values::default() };
    apply(Action::Absolute(width), &mut bytes, 0, 0, &values).map(|()| bytes)
}

#[test]
fn fields_take_their_bounds_and_nothing_beyond() {
    let table = [
        (Width::S8, i64::from(i8::MIN), i64::from(i8::MAX)),
        (Width::W8, i64::from(i8::MIN), i64::from(u8::MAX)),
        (Width::S16, i64::from(i16::MIN), i64::from(i16::MAX)),
        (Width::W16, i64::from(i16::MIN), i64::from(u16::MAX)),
        (Width::S32, -(1 << 31), (1 << 31) - 1),
        (Width::U32, 0, (1 << 32) - 1),
    ];
    for (width, min, max) in table {
        for value in [min, max, 0, min + 1, max - 1] {
            let size = match width {
                Width::S8 | Width::W8 => 1,
                Width::S16 | Width::W16 => 2,
                _ => 4,
            };
            let mut expected = value.to_le_bytes();
            expected[size..].fill(0);
            assert_eq!(put(width, value), Ok(expected), "{width:?} {value}");
        }
        for value in [min - 1, max + 1, i64::MIN, i64::MAX] {
            assert_eq!(
                put(width, value),
                Err(RelocationError::Range { value, min, max }),
                "{width:?}"
            );
        }
    }
    for value in [i64::MIN, -1, 0, i64::MAX] {
        assert_eq!(put(Width::W64, value), Ok(value.to_le_bytes()));
    }
}

#[test]
fn distances_wrap_around_the_address_space() {
    let mut bytes = [0; 4];
    let values = Values { s: 0x10, a: -4, ..Values::default() };
    let place = u64::MAX - 0xf;
    apply(Action::PcRelative(Width::S32), &mut bytes, 0, place, &values).unwrap();
    assert_eq!(i32::from_le_bytes(bytes), 0x1c);
}

#[test]
fn a_distance_of_two_gigabytes_is_one_byte_too_far() {
    let mut bytes = [0; 4];
    let place = 0x40_0000;
    let mut put = |s: u64| {
        let values = Values { s, a: -4, ..Values::default() };
        apply(Action::PcRelative(Width::S32), &mut bytes, 0, place, &values)
    };
    assert_eq!(put(place + 4 + 0x7fff_ffff), Ok(()));
    let error = put(place + 4 + 0x8000_0000).unwrap_err();
    let text = "out of range: 2147483648 is not in [-2147483648, 2147483647], 1 too far";
    assert_eq!(error.to_string(), text);
}

#[test]
fn nothing_is_written_outside_a_section() {
    let values = Values::default();
    for (offset, width) in [(5, Width::S32), (1, Width::W64), (u64::MAX, Width::W8), (8, Width::S8)]
    {
        let mut bytes = [0xaa; 8];
        let done = apply(Action::Absolute(width), &mut bytes, offset, 0, &values);
        assert_eq!(done, Err(RelocationError::Outside));
        assert_eq!(bytes, [0xaa; 8]);
    }
    // Rewritten instructions start before their field.
    for action in [
        Action::Lea,
        Action::Call,
        Action::Jump,
        Action::MovImmediate(Prefix::Rex2),
        Action::IeAdd(Prefix::Rex),
        Action::IeAddEvex,
        Action::TlsGd(TlsCall::Large),
        Action::TlsLd(TlsCall::Direct),
    ] {
        for offset in [0, 7, u64::MAX] {
            let done = apply(action, &mut [0; 8], offset, 0, &values);
            assert_eq!(done, Err(RelocationError::Outside), "{action:?} at {offset}");
        }
    }
}
