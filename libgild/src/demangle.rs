//! Symbol names for people.

use cpp_demangle::DemangleOptions;
use std::fmt::{self, Write};

/// A symbol name for people: demangled (Rust, Itanium C++) if `on` and possible.
pub fn demangle(name: &[u8], on: bool) -> String {
    let plain = String::from_utf8_lossy(name).into_owned();
    if !on {
        return plain;
    }
    let mut text = Bounded(String::new());
    let demangled = if let Ok(symbol) = rustc_demangle::try_demangle(&plain) {
        write!(text, "{symbol:#}").is_ok()
    } else if plain.starts_with("_Z")
        && let Ok(symbol) = cpp_demangle::Symbol::new(&plain)
    {
        symbol.structured_demangle(&mut text, &DemangleOptions::new()).is_ok()
    } else {
        false
    };
    if demangled && !text.0.is_empty() { in_usual_words(&plain, &text.0) } else { plain }
}

/// What a class has beside its members (Itanium C++ ABI, 5.1.4) as c++filt and compilers say it;
/// cpp_demangle has a notation of its own.
fn in_usual_words(mangled: &str, text: &str) -> String {
    let (entity, clone) = text.split_at(text.find(" [clone ").unwrap_or(text.len()));
    special(mangled, entity).map_or(text.into(), |entity| entity + clone)
}

fn special(mangled: &str, text: &str) -> Option<String> {
    if let Some((base, class)) = construction_vtable(text) {
        return Some(format!("construction vtable for {class}-in-{base}"));
    }
    let inner = text.strip_prefix('{')?.strip_suffix(")}")?;
    for (notation, words) in [("vtable(", "vtable for "), ("vtt(", "VTT for ")] {
        if let Some(class) = inner.strip_prefix(notation) {
            return Some(format!("{words}{class}"));
        }
    }
    let mut function = inner.strip_prefix("virtual override thunk(")?;
    while function.starts_with('{')
        && let Some((_, rest)) = function.split_once("}, ")
    {
        function = rest;
    }
    let thunk = match mangled.get(..4) {
        Some("_ZTh") => "non-virtual thunk",
        Some("_ZTv") => "virtual thunk",
        _ => "covariant return thunk",
    };
    Some(format!("{thunk} to {function}"))
}

/// The complete class and its base, which cpp_demangle gives in the order of the mangled name.
fn construction_vtable(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("construction vtable for ")?.split_once("-in-")
}

/// Text up to a length: 20 substitutions that each double make 35 MB of 200 bytes.
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        /// Nobody reads as much.
        const LONGEST: usize = 1 << 16;
        if self.0.len() + more.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(more);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_demangled_up_to_a_length() {
        // p<int, int>, then a p of twice the last parameter, 34 times.
        let digits = ('0'..='9').chain('A'..'Y');
        let doubled: String = digits.map(|digit| format!("S_IS{digit}_S{digit}_E")).collect();
        let bomb = format!("_Z1f1pIiiE{doubled}");
        for (name, text) in [
            ("_ZN5space4funcEi", "space::func(int)"),
            ("_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write"),
            ("main", "main"),
            ("_ZTV1B", "vtable for B"),
            ("_ZTVN5space1BIiEE", "vtable for space::B<int>"),
            ("_ZTT1D", "VTT for D"),
            ("_ZTI1B", "typeinfo for B"),
            ("_ZTV1B.localalias", "vtable for B [clone .localalias]"),
            ("_ZThn16_N1D1fEv.cold", "non-virtual thunk to D::f() [clone .cold]"),
            ("_ZN0E", "_ZN0E"),
            ("_ZTC1B0_1A", "construction vtable for A-in-B"),
            ("_ZThn16_N1D1fEv", "non-virtual thunk to D::f()"),
            ("_ZTv0_n32_N1D1fEv", "virtual thunk to D::f()"),
            ("_ZTchn16_h16_N1D1fEv", "covariant return thunk to D::f()"),
            ("_Z1f1pIiiES_IS0_S0_E", "f(p<int, int>, p<p<int, int>, p<int, int> >)"),
        ] {
            assert_eq!(demangle(name.as_bytes(), true), text);
            assert_eq!(demangle(name.as_bytes(), false), name);
        }
        assert_eq!(demangle(bomb.as_bytes(), true), bomb);
    }
}
