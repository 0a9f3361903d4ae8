//! `--wrap` (GNU ld manual): references to `foo` mean `__wrap_foo`, those to `__real_foo` mean `foo`.

/// The names that one `--wrap` connects.
#[derive(Debug)]
pub struct Wrap {
    /// `foo`.
    name: Vec<u8>,
    /// `__wrap_foo`.
    wrapper: Vec<u8>,
    /// `__real_foo`.
    real: Vec<u8>,
}

/// What `--wrap` of each of `names` means.
pub fn wraps(names: &[String]) -> Vec<Wrap> {
    let wrap = |name: &String| Wrap {
        name: name.as_bytes().to_vec(),
        wrapper: format!("__wrap_{name}").into_bytes(),
        real: format!("__real_{name}").into_bytes(),
    };
    names.iter().map(wrap).collect()
}

/// What a reference to `name` means.
pub fn wrapped<'a>(name: &'a [u8], wraps: &'a [Wrap]) -> &'a [u8] {
    for wrap in wraps {
        if name == wrap.name {
            return &wrap.wrapper;
        }
        if name == wrap.real {
            return &wrap.name;
        }
    }
    name
}
