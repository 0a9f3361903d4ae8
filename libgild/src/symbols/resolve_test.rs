//! The laws of symbol resolution, on objects built in memory.

use super::{Definition, LinkerSymbol, Resolved, Symbol, resolve};
use crate::args::{DefsymValue, Entry, Options, wraps};
use crate::elf::*;
use crate::input::Inputs;
use crate::input::testing::{Builder, archive};
use crate::object_file::Section;

fn options() -> Options {
    Options { entry: Entry::Address(0), ..Options::default() }
}

fn objects(objects: &[(&'static str, Builder)]) -> Inputs {
    Inputs::in_memory(objects.iter().map(|(name, object)| (*name, object.bytes())).collect())
}

/// Names of the objects that take part.
fn taking_part(resolved: &Resolved) -> Vec<String> {
    resolved.objects.iter().map(|object| object.name.to_string()).collect()
}

fn symbol<'a>(resolved: &'a Resolved, name: &str) -> &'a Symbol {
    resolved.symbol(resolved.names.get(name.as_bytes()).expect(name))
}

/// Which object defines a name.
fn owner(resolved: &Resolved, name: &str) -> String {
    let symbol = symbol(resolved, name);
    if symbol.is_defined() { resolved.object(symbol.owner).name.to_string() } else { "-".into() }
}

fn failure(inputs: &Inputs, options: &Options) -> String {
    let errors = match resolve(inputs, options, &mut Vec::new()) {
        Ok(resolved) => resolved.errors,
        Err(errors) => errors.into_vec(),
    };
    errors.iter().map(|error| format!("{error}\n")).collect()
}

#[test]
fn strength_decides_in_any_input_order() {
    let kinds = [
        ("strong", Builder::new().strong("x")),
        ("common", Builder::new().common("x", 4, 4)),
        ("weak", Builder::new().weak("x")),
        ("reference", Builder::new().reference("x")),
    ];
    for [a, b, c, d] in permutations() {
        let mut order = [a, b, c, d].map(|index| kinds[index].clone()).to_vec();
        // Strong over common over weak over nothing: remove the winner, the next one wins.
        for winner in ["strong", "common", "weak", "-"] {
            let inputs = objects(&order);
            let options = options();
            let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
            assert_eq!(owner(&resolved, "x"), winner);
            order.retain(|(name, _)| *name != winner);
        }
    }
}

fn permutations() -> Vec<[usize; 4]> {
    let mut all = Vec::new();
    for code in 0..256usize {
        let order = [code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6];
        if (0..4).all(|index| order.contains(&index)) {
            all.push(order);
        }
    }
    all
}

#[test]
fn a_second_strong_definition_is_an_error_unless_allowed() {
    let inputs = objects(&[
        ("a.o", Builder::new().strong("x")),
        ("b.o", Builder::new().strong("x")),
        ("c.o", Builder::new().strong("x")),
    ]);
    let text = failure(&inputs, &options());
    assert_eq!(
        text,
        "duplicate symbol: x\n>>> defined in a.o:(.text+0x8)\n>>> defined in b.o:(.text+0x8)\n\
         duplicate symbol: x\n>>> defined in a.o:(.text+0x8)\n>>> defined in c.o:(.text+0x8)\n"
    );
    let allowed = Options { allow_multiple_definition: true, ..options() };
    let resolved = resolve(&inputs, &allowed, &mut Vec::new()).unwrap();
    assert_eq!(owner(&resolved, "x"), "a.o");
}

#[test]
fn equal_constants_are_no_duplicates() {
    for (values, fine) in [([7, 7], true), ([7, 8], false)] {
        let inputs = objects(&[
            ("a.o", Builder::new().absolute("x", values[0])),
            ("b.o", Builder::new().absolute("x", values[1])),
        ]);
        assert_eq!(failure(&inputs, &options()).is_empty(), fine);
    }
}

#[test]
fn commons_are_as_large_and_as_aligned_as_the_greediest() {
    let inputs = objects(&[
        ("a.o", Builder::new().common("x", 4, 16).common("y", 1, 1)),
        ("b.o", Builder::new().common("x", 40, 4).strong("y")),
        ("c.o", Builder::new().weak("x")),
    ]);
    let options = Options { warn_common: true, ..options() };
    let mut warnings = Vec::new();
    let resolved = resolve(&inputs, &options, &mut warnings).unwrap();
    assert_eq!(
        warnings,
        ["a.o: common symbol y is that of b.o", "b.o: common symbol x is that of a.o"]
    );
    let [common] = resolved.commons[..] else { panic!("{:?}", resolved.commons) };
    assert_eq!((common.size, common.align), (40, 16));
    let section = crate::ids::SectionId(resolved.first_common);
    assert_eq!(symbol(&resolved, "x").definition, Definition::Section(section));
    assert_eq!(owner(&resolved, "y"), "b.o");
}

/// An archive of: a (needs b), b, c (nobody needs it), d (defines b as well).
fn library(index: bool) -> Vec<u8> {
    let members = [
        ("c.o", Builder::new().strong("c").reference("unheard_of").bytes()),
        ("a.o", Builder::new().strong("a").reference("b").weak_reference("c").bytes()),
        ("b.o", Builder::new().strong("b").bytes()),
        ("d.o", Builder::new().strong("b").strong("d").bytes()),
    ];
    let defined = [("c", 0), ("a", 1), ("b", 2), ("b", 3), ("d", 3)];
    archive(&members, index.then_some(&defined))
}

#[test]
fn strong_references_extract_their_providers_wherever_the_archive_stands() {
    let main = Builder::new().strong("main").reference("a").bytes();
    for index in [true, false] {
        for first in [true, false] {
            let mut files = vec![("l.a", library(index)), ("main.o", main.clone())];
            if !first {
                files.reverse();
            }
            let inputs = Inputs::in_memory(files);
            let options = options();
            let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
            let mut members = taking_part(&resolved);
            members.sort();
            assert_eq!(members, ["l.a(a.o)", "l.a(b.o)", "main.o"], "{index} {first}");
            // A weak reference extracts nothing and stays undefined.
            assert!(!symbol(&resolved, "c").is_defined());
            assert!(resolved.names.get(b"d").is_none(), "names of other members are not interned");
        }
    }
}

#[test]
fn a_definition_on_the_line_keeps_the_member_out() {
    for definition in [Builder::new().strong("b"), Builder::new().weak("b")] {
        let main = Builder::new().reference("a").bytes();
        let files = vec![("l.a", library(true)), ("m.o", main), ("b.o", definition.bytes())];
        let inputs = Inputs::in_memory(files);
        let options = options();
        let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
        assert_eq!(taking_part(&resolved), ["l.a(a.o)", "m.o", "b.o"]);
        assert_eq!(owner(&resolved, "b"), "b.o");
    }
}

#[test]
fn a_name_of_the_command_line_extracts_nothing_once_it_is_defined() {
    let entry = Options { entry: Entry::Symbol("b".into()), ..options() };
    let undefined = Options { undefined: vec!["b".into()], ..options() };
    for options in [entry, undefined] {
        for definition in [Builder::new().strong("b"), Builder::new().weak("b")] {
            let files = vec![("l.a", library(true)), ("b.o", definition.bytes())];
            let inputs = Inputs::in_memory(files);
            let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
            assert_eq!(taking_part(&resolved), ["b.o"]);
        }
    }
}

#[test]
fn lazy_objects_act_as_members() {
    let inputs = objects(&[
        ("lazy1.o", Builder::new().strong("x")),
        ("main.o", Builder::new().reference("x")),
        ("lazy2.o", Builder::new().strong("x").strong("y")),
    ]);
    let mut options = options();
    let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
    assert_eq!(taking_part(&resolved), ["lazy1.o", "main.o"]);
    options.undefined.push("y".into());
    let text = failure(&inputs, &options);
    assert!(text.contains("duplicate symbol: x"), "{text}");
}

#[test]
fn a_common_symbol_extracts_a_better_definition() {
    for index in [true, false] {
        let members = [
            ("common.o", Builder::new().common("x", 8, 8).bytes()),
            ("weak.o", Builder::new().weak("x").bytes()),
            ("data.o", Builder::new().strong("x").bytes()),
        ];
        let library = archive(&members, index.then_some(&[("x", 0), ("x", 1), ("x", 2)]));
        let main = Builder::new().common("x", 4, 4).bytes();
        let inputs = Inputs::in_memory(vec![("main.o", main), ("l.a", library)]);
        let options = options();
        let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
        assert_eq!(owner(&resolved, "x"), "l.a(data.o)");
        assert_eq!(taking_part(&resolved), ["main.o", "l.a(data.o)"]);
    }
}

#[test]
fn members_are_found_all_over_an_index_that_is_read_in_parts() {
    let names: Vec<String> = (0..60_001).map(|number| format!("unused{number}")).collect();
    let member = |number: usize| {
        let next = format!("wanted{}", number + 1);
        let object = Builder::new().strong(&format!("wanted{number}")).reference(&next);
        object.common("shared", 4, 4).bytes()
    };
    let mut members: Vec<_> = (0..9).map(|number| ("m.o", member(number))).collect();
    members.push(("last.o", Builder::new().strong("wanted9").strong("shared").bytes()));
    let wanted: Vec<String> = (0..10).map(|number| format!("wanted{number}")).collect();
    let mut defined: Vec<(&str, usize)> = names.iter().map(|name| (&name[..], 0)).collect();
    let step = defined.len() / 9;
    for (number, name) in wanted.iter().enumerate().rev() {
        defined.splice(number * step..number * step, [(&name[..], number), ("shared", number)]);
    }
    let library = archive(&members, Some(&defined));
    for threads in [1, 2, 3, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let main = Builder::new().reference("wanted0").bytes();
        let inputs = Inputs::in_memory(vec![("main.o", main), ("l.a", library.clone())]);
        let options = options();
        let resolved = pool.install(|| resolve(&inputs, &options, &mut Vec::new())).unwrap();
        assert_eq!(taking_part(&resolved).len(), 11, "{threads} threads");
        assert_eq!(owner(&resolved, "shared"), "l.a(last.o)");
    }
}

#[test]
fn the_first_group_stays_and_its_copies_refer_to_it() {
    let unit = || Builder::new().code(".text.f").weak_in("f", 2).group(1, &[2]);
    let inputs = objects(&[("a.o", unit()), ("b.o", unit().strong("main"))]);
    let options = options();
    let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
    assert!(!resolved.objects[0].is_discarded(2));
    assert!(resolved.objects[1].is_discarded(2) && !resolved.objects[1].is_discarded(1));
    assert_eq!(owner(&resolved, "f"), "a.o");
    assert_ne!(symbol(&resolved, "f").flags & Symbol::REFERENCED, 0);
}

#[test]
fn local_and_global_signatures_share_a_namespace() {
    let global = Builder::new().code(".text.f").weak_in("f", 2).group(1, &[2]);
    let local = Builder::new().code(".text.f").local_in("f", 2).group(1, &[2]);
    let linkonce = Builder::new().code(".gnu.linkonce.t.f").weak_in("f", 2);
    for (objects_in_order, discarded) in [
        ([global.clone(), local.clone()], [false, true]),
        ([local, global.clone()], [false, true]),
        ([linkonce.clone(), linkonce.clone()], [false, true]),
        ([global, linkonce], [false, false]),
    ] {
        let [a, b] = objects_in_order;
        let inputs = objects(&[("a.o", a), ("b.o", b)]);
        let options = options();
        let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
        let found = [0, 1].map(|file: usize| resolved.objects[file].is_discarded(2));
        assert_eq!(found, discarded);
    }
}

/// LLVM's call graph profile has relocations of type REL, which nobody applies.
#[test]
fn relocations_of_what_is_not_linked_may_be_of_any_type() {
    let excluded = SHF_ALLOC | SHF_EXCLUDE;
    for (flags, links) in [(SHF_EXCLUDE, true), (excluded, true), (0, false), (SHF_ALLOC, false)] {
        let profile = Section::new(".profile", SHT_PROGBITS, flags, 8, vec![0; 16]);
        let relocations = Section::new(".rel.profile", SHT_REL, 0, 8, vec![0; 16]);
        let relocations = Section { info: 1, ..relocations };
        let bytes = crate::object_file::object(&[profile, relocations]);
        let inputs = Inputs::in_memory(vec![("a.o", bytes)]);
        assert_eq!(resolve(&inputs, &options(), &mut Vec::new()).is_ok(), links, "{flags:#x}");
    }
}

#[test]
fn a_default_version_defines_the_plain_name() {
    let inputs = objects(&[
        ("a.o", Builder::new().strong("foo@@V2").strong("foo@V1")),
        ("b.o", Builder::new().reference("foo")),
    ]);
    let options = options();
    let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
    assert_eq!(owner(&resolved, "foo"), "a.o");
    assert_eq!(owner(&resolved, "foo@V1"), "a.o");
    assert!(resolved.names.get(b"foo@@V2").is_none());
}

#[test]
fn the_most_constraining_visibility_wins() {
    for (a, b, merged) in [
        (STV_DEFAULT, STV_PROTECTED, STV_PROTECTED),
        (STV_HIDDEN, STV_PROTECTED, STV_HIDDEN),
        (STV_HIDDEN, STV_INTERNAL, STV_INTERNAL),
        (STV_DEFAULT, STV_DEFAULT, STV_DEFAULT),
    ] {
        for [definition, reference] in [[a, b], [b, a]] {
            let inputs = objects(&[
                ("a.o", Builder::new().strong("x").visibility(definition)),
                ("b.o", Builder::new().reference("x").visibility(reference)),
            ]);
            let options = options();
            let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
            assert_eq!(symbol(&resolved, "x").visibility, merged);
        }
    }
}

#[test]
fn wrap_redirects_undefined_references_alone() {
    let mut inputs = objects(&[
        ("def.o", Builder::new().strong("f")),
        ("use.o", Builder::new().reference("f")),
        ("wrap.o", Builder::new().strong("__wrap_f").reference("__real_f")),
    ]);
    inputs.wraps = wraps(&["f".into()]);
    let options = options();
    let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
    let meaning = |file: usize, index: u32| {
        let object = &resolved.objects[file];
        String::from_utf8_lossy(resolved.names.name(object.global(index).unwrap())).into_owned()
    };
    assert_eq!(meaning(0, 1), "f");
    assert_eq!(meaning(1, 1), "__wrap_f");
    assert_eq!(meaning(2, 2), "f");
}

#[test]
fn defsym_takes_over_its_targets_definition() {
    let inputs = objects(&[("a.o", Builder::new().strong("x").reference("y").reference("z"))]);
    let to = |name: &str, addend| DefsymValue::Symbol { name: name.into(), addend };
    let mut options = options();
    options.defsyms = vec![
        ("y".into(), to("z", 1)),
        ("z".into(), to("x", 2)),
        ("n".into(), DefsymValue::Absolute(5)),
        ("e".into(), to("_end", 4)),
    ];
    let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
    let (x, y) = (symbol(&resolved, "x"), symbol(&resolved, "y"));
    assert_eq!((y.definition, y.value), (x.definition, x.value + 3));
    let (n, e) = (symbol(&resolved, "n"), symbol(&resolved, "e"));
    assert_eq!((n.definition, n.value), (Definition::Absolute, 5));
    assert_eq!((e.definition, e.value), (Definition::Linker(LinkerSymbol::End), 4));

    options.defsyms = vec![("y".into(), to("z", 0)), ("z".into(), to("y", 0))];
    assert!(failure(&inputs, &options).contains("defined by itself"));
    options.defsyms = vec![("y".into(), to("nowhere", i64::MIN))];
    let text = failure(&inputs, &options);
    assert!(text.contains("undefined symbol: nowhere\n"), "{text}");
    assert!(text.contains("--defsym=y=nowhere-0x8000000000000000"), "{text}");
}

#[test]
fn the_linker_defines_only_what_is_referenced_and_missing() {
    let inputs = objects(&[
        ("a.o", Builder::new().reference("_end").reference("__start_set").code("set")),
        (
            "b.o",
            Builder::new().reference("__stop_other").strong("edata").weak_reference("_DYNAMIC"),
        ),
    ]);
    let options = options();
    let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
    let definition = |name| symbol(&resolved, name).definition;
    assert_eq!(definition("_end"), Definition::Linker(LinkerSymbol::End));
    assert_eq!(definition("__start_set"), Definition::Linker(LinkerSymbol::SectionStart(0)));
    assert_eq!(resolved.start_stop, [b"set"]);
    assert_eq!(definition("__stop_other"), Definition::Undefined);
    assert_eq!(owner(&resolved, "edata"), "b.o");
    // A fixed-address program has no dynamic section.
    assert_eq!(definition("_DYNAMIC"), Definition::Undefined);
    assert!(resolved.names.get(b"etext").is_none());
}

#[test]
fn required_names_must_be_defined_and_u_names_may_be_missing() {
    let inputs = objects(&[("a.o", Builder::new())]);
    let mut options = options();
    options.undefined.push("missing".into());
    assert_eq!(failure(&inputs, &options), "");
    options.require_defined.push("missing".into());
    assert!(failure(&inputs, &options).contains("undefined symbol: missing"));
}

#[test]
fn undefined_names_are_reported_once_each_with_their_places_and_a_close_name() {
    let inputs = objects(&[
        ("a.o", Builder::new().reference("crc23").reference("other")),
        ("b.o", Builder::new().strong("crc32").reference("crc23")),
    ]);
    let options = options();
    let resolved = resolve(&inputs, &options, &mut Vec::new()).unwrap();
    let reference = |name: &str, file: usize, offset| {
        let id = resolved.names.get(name.as_bytes()).unwrap();
        (id, resolved.objects[file].site(1, offset))
    };
    let references = vec![
        reference("crc23", 1, 3),
        reference("other", 0, 9),
        reference("crc23", 0, 4),
        reference("crc23", 0, 5),
        reference("crc23", 1, 2),
    ];
    let errors = super::undefined::report(&resolved, references, &options);
    let texts: Vec<String> = errors.iter().map(|error| error.to_string()).collect();
    assert_eq!(
        texts,
        [
            "undefined symbol: crc23\n>>> referenced by a.o:(.text+0x4)\n>>> referenced by \
             a.o:(.text+0x5)\n>>> referenced by b.o:(.text+0x2)\n>>> referenced 1 more times\n\
             >>> did you mean: crc32",
            "undefined symbol: other\n>>> referenced by a.o:(.text+0x9)",
        ]
    );
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let files: Vec<(String, Vec<u8>)> = (0..200)
        .map(|i| {
            let object = Builder::new().code(".text.f").group(1, &[2]).weak_in("f0", 2);
            let object = object.strong(&format!("s{i}")).weak(&format!("w{}", i / 3));
            let object = object.common("c", i, 8).reference(&format!("s{}", (i * 7) % 200));
            (format!("{i}.o"), object.bytes())
        })
        .collect();
    let files = files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let inputs = Inputs::in_memory(files);
    let options = options();
    let outcome = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let resolved = pool.install(|| resolve(&inputs, &options, &mut Vec::new()).unwrap());
        format!("{:?}{:?}", resolved.symbols, resolved.commons)
    };
    assert_eq!(outcome(1), outcome(4));
}

/// No single wrong byte and no truncation may panic or hang.
#[test]
fn damaged_objects_and_archives_give_errors_or_links_but_no_panic() {
    let object = Builder::new()
        .code(".text.f")
        .code(".gnu.linkonce.t.g")
        .weak_in("f", 2)
        .group(1, &[2])
        .common("c", 4, 4)
        .reference("a")
        .bytes();
    let try_bytes = |main: &[u8], library: &[u8]| {
        let files = vec![("main.o", main.to_vec()), ("l.a", library.to_vec())];
        let inputs = Inputs::in_memory(files);
        let options = options();
        let Ok(resolved) = resolve(&inputs, &options, &mut Vec::new()) else { return };
        for object in &resolved.objects {
            for shndx in 0..object.headers.len() as u32 {
                let _ = (object.section_name(shndx), object.section_data(shndx).len());
                let _ = (object.relocations(shndx).len(), object.place(shndx, 3, true));
            }
            for index in 0..object.symbols.len() as u32 {
                let _ = (object.symbol_name(index), object.symbol_section(index));
            }
        }
    };
    let library = library(true);
    for value in [0, 1, 0x7f, 0xff] {
        for at in 0..object.len() {
            let mut damaged = object.clone();
            damaged[at] = value;
            try_bytes(&damaged, &library);
        }
        for at in 0..library.len() {
            let mut damaged = library.clone();
            damaged[at] = value;
            try_bytes(&object, &damaged);
        }
    }
    for length in 0..object.len() {
        try_bytes(&object[..length], &library);
    }
    for length in 0..library.len() {
        try_bytes(&object, &library[..length]);
    }
}
