//! Start files and start-up code that cannot work with the kind of output that was asked for.
//! Other linkers make programs of them that crash before `main`.

use crate::args::Options;
use crate::demangle::demangle;
use crate::diagnostics::{Error, Result};
use crate::ids::FileId;
use crate::input::object::Object;
use crate::symbols::{Definition, LinkerSymbol, NO_FILE, Resolved, SymbolRef};

/// The object whose definition of `name` won.
fn definer(resolved: &Resolved, name: &str) -> Option<FileId> {
    let symbol = resolved.symbol(resolved.names.get(name.as_bytes())?);
    (symbol.is_defined() && symbol.owner != NO_FILE).then_some(symbol.owner)
}

fn refuse(object: &Object, message: &str) -> Result<()> {
    Err(Error::input(object.file.0, object.name, message).into())
}

/// Fails if the object that defines `_start` is of the wrong kind for the output.
pub fn check(resolved: &Resolved, options: &Options) -> Result<()> {
    let Some(start) = definer(resolved, "_start") else { return Ok(()) };
    let here = |name| definer(resolved, name) == Some(start);
    let object = resolved.object(start);
    // musl: `_start` calls `_start_c`, which in rcrt1.o relocates the program and goes on in
    // `__dls2`. glibc: libc.a's `__libc_start_main` calls `_dl_relocate_static_pie`, which crt1.o
    // defines as an empty function.
    let musl = here("_start_c");
    let relocates = here("__dls2");
    match options.pie {
        true if here("_dl_relocate_static_pie") || (musl && !relocates) => refuse(
            object,
            "this start file applies no relocations, so a static-PIE that begins with it crashes \
             at start\n>>> take rcrt1.o instead (gcc and clang do under -static-pie), or link a \
             program with a fixed address (-no-pie)",
        ),
        false if musl && relocates => refuse(object, RELOCATES),
        false if glibc_relocation(resolved).is_some() => {
            refuse(object, if musl { MIXED } else { RELOCATES })
        }
        _ => Ok(()),
    }
}

const MIXED: &str = "this start file is musl's, and the C library is glibc's\n>>> take both from one: the \
     -L options, in their order, decide where -lc is found";

const RELOCATES: &str = "this start file relocates the program itself, which crashes in a program with a fixed \
     address\n>>> take crt1.o instead (gcc and clang do under -static), or link a static-PIE \
     (-static-pie)";

/// glibc's member that relocates the program; a program's own empty function of that name is fine.
fn glibc_relocation<'a, 'data>(resolved: &'a Resolved<'data>) -> Option<&'a Object<'data>> {
    let object = resolved.object(definer(resolved, "_dl_relocate_static_pie")?);
    let member = object.name.member?;
    member.starts_with(b"dl-reloc-static-pie.").then_some(object)
}

/// Warns of a static-PIE that isn't linked at 0 and that glibc relocates: 2.36 crashes before `main`.
pub(super) fn warn_of_base(
    resolved: &Resolved,
    image_base: u64,
    options: &Options,
    warnings: &mut Vec<String>,
) {
    if !options.pie || image_base == 0 {
        return;
    }
    if let Some(object) = glibc_relocation(resolved) {
        warnings.push(format!(
            "{}: this start-up code may take a static-PIE to be linked at address 0, and crash (glibc \
             2.36 does); leave out --image-base and -Ttext-segment, or link with -no-pie",
            object.name
        ));
    }
}

/// Whether to write `.relr.dyn`. It would be left out by the start file of musl before 1.2.4; a
/// program for that keeps plain relocations, with a warning.
pub(super) fn packs_relocations(
    resolved: &Resolved,
    options: &Options,
    warnings: &mut Vec<String>,
) -> bool {
    if !options.pie || !options.pack_relative_relocs {
        return false;
    }
    let start = definer(resolved, "_start_c").map(|file| resolved.object(file));
    let Some(object) = start.filter(|object| start_code(resolved, object).is_some_and(is_old))
    else {
        return true;
    };
    warnings.push(format!(
        "{}: this start file knows no packed relocations (musl has them since 1.2.4); \
         -z pack-relative-relocs is ignored",
        object.name
    ));
    false
}

/// The section with musl's `_start_c`, if it relocates the program.
fn start_code<'a>(resolved: &Resolved, object: &'a Object) -> Option<&'a [u8]> {
    let symbol = resolved.symbol(resolved.names.get(b"_start_c")?);
    let section = object.symbol_section(symbol.owner_symbol)?;
    (definer(resolved, "__dls2") == Some(object.file)).then(|| object.section_data(section))
}

/// musl's code copies the dynamic section up to a greatest tag that it compares with: 31 in the old
/// one; in the new one 36, which is DT_RELR (`cmp $0x24, %reg` with a 64-bit register).
fn is_old(code: &[u8]) -> bool {
    let compares = |tag: u8| {
        code.windows(4).any(
            |window| matches!(*window, [0x48 | 0x49, 0x83, 0xf8..=0xff, limit] if limit == tag),
        )
    };
    compares(31) && !compares(36)
}

/// Fails if the program has ifuncs that its start-up code would leave unresolved.
///
/// glibc's start-up code walks `__rela_iplt_start` to `__rela_iplt_end` in a fixed-address program
/// and `.rela.dyn` in a static-PIE; musl's does neither for IRELATIVE. What a static-PIE without a C
/// library does about its relocations, only its author knows.
pub fn check_ifuncs(
    resolved: &Resolved,
    first: Option<SymbolRef>,
    options: &Options,
) -> Result<()> {
    let Some(first) = first else { return Ok(()) };
    let applied = match options.pie {
        true => {
            definer(resolved, "_dl_relocate_static_pie").is_some()
                || definer(resolved, "__libc_start_main").is_none()
        }
        false => resolved.names.get(b"__rela_iplt_start").is_some_and(|id| {
            resolved.symbol(id).definition == Definition::Linker(LinkerSymbol::RelaIpltStart)
        }),
    };
    if applied {
        return Ok(());
    }
    let (file, index) = match first {
        SymbolRef::Global(id) => (resolved.symbol(id).owner, resolved.symbol(id).owner_symbol),
        SymbolRef::Local(file, index) => (file, index),
    };
    let object = resolved.object(file);
    let name = demangle(object.symbol_name(index), options.demangle);
    let message = format!(
        "{name} is an ifunc, and this program's start-up code applies no IRELATIVE relocations \
         (musl's does not): the first call would crash\n>>> build this object without ifuncs \
         (target_clones, ifunc attributes), or link against a C library that supports them"
    );
    Err(Error::input(file.0, object.name, message).into())
}

#[cfg(test)]
mod tests {
    use super::is_old;

    #[test]
    fn start_code_is_old_only_if_it_says_so() {
        let old = [0x90, 0x48, 0x83, 0xfe, 0x1f, 0x77, 0x08];
        let new = [0x48, 0x83, 0xf9, 0x1f, 0x77, 0xee, 0x48, 0x83, 0xf8, 0x24, 0x77];
        assert!(is_old(&old));
        assert!(!is_old(&new));
        assert!(!is_old(&[]));
    }
}
