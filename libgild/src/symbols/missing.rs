//! What a link may lack, told by the names that are undefined without it: libraries, mostly.

use crate::args::{Input, InputName};

struct Library {
    /// What has its functions, as `-l` names it; one is enough, and none is a C library's matter.
    names: &'static [&'static str],
    /// Whether an undefined name is one of its own.
    has: fn(&[u8]) -> bool,
    /// What to say where it isn't among the inputs.
    hint: &'static str,
}

const LIBRARIES: [Library; 4] = [
    Library {
        names: &["stdc++", "c++", "supc++", "c++abi"],
        has: is_cxx,
        hint: "the C++ runtime isn't among the inputs: link with g++ or clang++, or add -lstdc++ \
               (or -lc++)",
    },
    Library {
        names: &["m"],
        has: is_mathematical,
        hint: "the mathematical functions aren't among the inputs: add -lm",
    },
    Library {
        names: &["pthread"],
        has: is_of_threads,
        hint: "before glibc 2.34, threads are in a library of their own: add -pthread",
    },
    Library {
        names: &[],
        has: is_fortified,
        hint: "_FORTIFY_SOURCE makes calls of such functions of glibc's, and the program's C library \
               lacks this one: take a build for that library, or compile with -U_FORTIFY_SOURCE",
    },
];

/// Where a class's virtual table is (Itanium C++ ABI, 5.2.3).
const KEY_FUNCTION: &str = "a class's virtual table is where the first of its virtual functions that is \
    neither pure nor inline is defined: no input has that function";

/// What to say of each of the undefined names: of a library once, at the last of its names. Nothing of
/// libraries if there is no C library: who leaves that out knows what they do.
pub fn hints(undefined: &[&[u8]], inputs: &[Input]) -> Vec<Option<&'static str>> {
    let is_table = |name: &&[u8]| name.starts_with(b"_ZTV") && !is_cxx(name);
    let mut hints = vec![None; undefined.len()];
    if let Some(last) = undefined.iter().rposition(is_table) {
        hints[last] = Some(KEY_FUNCTION);
    }
    if !is_among(inputs, "c") {
        return hints;
    }
    for library in &LIBRARIES {
        if let Some(last) = undefined.iter().rposition(|name| (library.has)(name))
            && !library.names.iter().any(|name| is_among(inputs, name))
        {
            hints[last] = Some(library.hint);
        }
    }
    hints
}

fn is_among(inputs: &[Input], library: &str) -> bool {
    let file = format!("lib{library}.a");
    inputs.iter().any(|input| match &input.name {
        InputName::Library(name) => name == library,
        InputName::LibraryFile(name) => *name == file,
        InputName::Path(path) => path.file_name().is_some_and(|name| *name == *file),
    })
}

/// Names in `std` begin with one of its abbreviations, `St`, `Ss` … (Itanium C++ ABI, 5.1.10).
fn is_cxx(name: &[u8]) -> bool {
    // The C library's.
    const OF_C: [&[u8]; 4] =
        [b"__cxa_atexit", b"__cxa_at_quick_exit", b"__cxa_finalize", b"__cxa_thread_atexit_impl"];
    let Some(mangled) = name.strip_prefix(b"_Z") else {
        let starts: [&[u8]; 3] = [b"__cxa_", b"__gxx_personality_", b"__dynamic_cast"];
        return starts.iter().any(|start| name.starts_with(start)) && !OF_C.contains(&name);
    };
    let mut entity = mangled;
    // Virtual tables, their tables, type information; nested names; of constant objects.
    for prefix in ["TV", "TT", "TI", "N", "K"] {
        entity = entity.strip_prefix(prefix.as_bytes()).unwrap_or(entity);
    }
    // Operators new and delete, and of arrays.
    let operators = ["nw", "na", "dl", "da"];
    matches!(entity, [b'S', b'a'..=b'z', ..])
        || entity.starts_with(b"10__cxxabiv1")
        || operators.iter().any(|operator| mangled.starts_with(operator.as_bytes()))
}

/// Functions of C's math.h, complex.h and fenv.h that glibc has in libm alone.
fn is_mathematical(name: &[u8]) -> bool {
    const FOR_DOUBLES: &str = "acos acosh asin asinh atan atan2 atanh cbrt ceil cos cosh erf erfc exp \
        exp10 exp2 expm1 fabs fdim floor fma fmax fmin fmod hypot ilogb lgamma llrint llround log \
        log10 log1p log2 logb lrint lround nan nearbyint nextafter nexttoward pow remainder remquo \
        rint round scalbln sin sincos sinh sqrt tan tanh tgamma trunc \
        cabs cacos cacosh carg casin casinh catan catanh ccos ccosh cexp cimag clog conj cpow cproj \
        creal csin csinh csqrt ctan ctanh";
    const OF_STATUS: &str = "feclearexcept fegetenv fegetexceptflag fegetround feholdexcept \
        feraiseexcept fesetenv fesetexceptflag fesetround fetestexcept feupdateenv";
    let has = |names: &str, name: &[u8]| names.split(' ').any(|known| known.as_bytes() == name);
    // Those for `float` and `long double`.
    let stem = name.strip_suffix(b"f").or_else(|| name.strip_suffix(b"l"));
    has(FOR_DOUBLES, name)
        || stem.is_some_and(|stem| has(FOR_DOUBLES, stem))
        || has(OF_STATUS, name)
}

/// `__snprintf_chk` and the like.
fn is_fortified(name: &[u8]) -> bool {
    name.starts_with(b"__") && name.ends_with(b"_chk")
}

fn is_of_threads(name: &[u8]) -> bool {
    let names: [&[u8]; 7] = [
        b"pthread_create",
        b"pthread_detach",
        b"pthread_join",
        b"pthread_key_create",
        b"sem_init",
        b"sem_post",
        b"sem_wait",
    ];
    names.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The library of each name that one is said for.
    fn said(undefined: &[&str], libraries: &[&str]) -> Vec<(usize, &'static str)> {
        let names: Vec<&[u8]> = undefined.iter().map(|name| name.as_bytes()).collect();
        let input = |name: &&str| Input::new(InputName::Library((*name).into()));
        let hints = hints(&names, &libraries.iter().map(input).collect::<Vec<_>>());
        let library = |hint: &str| {
            let library = LIBRARIES.iter().find(|it| it.hint == hint).unwrap();
            *library.names.first().unwrap_or(&"another")
        };
        let hints = hints.iter().enumerate();
        hints.filter_map(|(at, hint)| Some((at, library((*hint)?)))).collect()
    }

    #[test]
    fn names_tell_of_libraries() {
        for (name, library) in [
            ("_ZSt4cout", Some("stdc++")),
            ("_ZStlsISt11char_traitsIcEERSt13basic_ostreamIcT_ES5_PKc", Some("stdc++")),
            ("_ZNSolsEi", Some("stdc++")),
            ("_ZNKSt9exception4whatEv", Some("stdc++")),
            ("_ZTVN10__cxxabiv120__si_class_type_infoE", Some("stdc++")),
            ("_ZTISt9exception", Some("stdc++")),
            ("_ZnwmSt11align_val_t", Some("stdc++")),
            ("_ZdlPvm", Some("stdc++")),
            ("__cxa_throw", Some("stdc++")),
            ("__gxx_personality_v0", Some("stdc++")),
            ("__cxa_atexit", None),
            ("_ZN5space4funcESt6vectorIiSaIiEE", None),
            ("_ZN3std2io5stdio6_print17h0123456789abcdefE", None),
            ("cos", Some("m")),
            ("erf", Some("m")),
            ("powl", Some("m")),
            ("fesetround", Some("m")),
            ("fesetroundf", None),
            // glibc's own: musl has it nowhere.
            ("feenableexcept", None),
            ("cosine", None),
            ("pthread_create", Some("pthread")),
            ("pthread_mutex_lock", None),
            ("__snprintf_chk", Some("another")),
            ("my_chk", None),
        ] {
            let found = said(&[name], &["c"]).first().map(|&(_, library)| library);
            assert_eq!(found, library, "{name}");
        }
    }

    #[test]
    fn a_library_is_told_once_and_only_if_it_is_missing() {
        let undefined = ["_ZdlPv", "cos", "_ZSt4cout", "mine", "sin"];
        for (libraries, expected) in [
            (&["c"][..], &[(2, "stdc++"), (4, "m")][..]),
            (&["c", "m"], &[(2, "stdc++")]),
            (&["c++", "c"], &[(4, "m")]),
            (&["m"], &[]),
        ] {
            assert_eq!(said(&undefined, libraries), expected, "{libraries:?}");
        }
    }

    #[test]
    fn libraries_are_known_by_any_spelling() {
        for (input, is_it) in [
            (InputName::Library("m".into()), true),
            (InputName::LibraryFile("libm.a".into()), true),
            (InputName::Path("/usr/lib/libm.a".into()), true),
            (InputName::Path("m".into()), false),
        ] {
            assert_eq!(is_among(&[Input::new(input.clone())], "m"), is_it, "{input:?}");
        }
    }
}
