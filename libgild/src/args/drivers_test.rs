//! Command lines that compilers really give to their linker, with the paths shortened.

use std::path::Path;

use super::{BuildId, Command, Discard, InputName, Options, Strip, parse};

/// gcc 12 with glibc.
const GCC_STATIC: &str = "-plugin /gcc/liblto_plugin.so -plugin-opt=/gcc/lto-wrapper \
    -plugin-opt=-fresolution=/tmp/a.res -plugin-opt=-pass-through=-lgcc \
    -plugin-opt=-pass-through=-lgcc_eh -plugin-opt=-pass-through=-lc --build-id -m elf_x86_64 \
    --hash-style=gnu --as-needed -static -o a.out /lib/crt1.o /lib/crti.o /gcc/crtbeginT.o -L/gcc \
    -L/lib /tmp/a.o --start-group -lgcc -lgcc_eh -lc --end-group /gcc/crtend.o /lib/crtn.o";
const GCC_STATIC_PIE: &str = "-plugin /gcc/liblto_plugin.so -plugin-opt=/gcc/lto-wrapper \
    -plugin-opt=-fresolution=/tmp/a.res -plugin-opt=-pass-through=-lgcc \
    -plugin-opt=-pass-through=-lgcc_eh -plugin-opt=-pass-through=-lc --build-id --eh-frame-hdr \
    -m elf_x86_64 --hash-style=gnu --as-needed -static -pie --no-dynamic-linker -z text -pie \
    -o a.out /lib/rcrt1.o /lib/crti.o /gcc/crtbeginS.o -L/gcc -L/lib /tmp/a.o --start-group -lgcc \
    -lgcc_eh -lc --end-group /gcc/crtendS.o /lib/crtn.o";
const GCC_DEFAULT: &str = "-plugin /gcc/liblto_plugin.so -plugin-opt=/gcc/lto-wrapper \
    -plugin-opt=-fresolution=/tmp/a.res -plugin-opt=-pass-through=-lgcc \
    -plugin-opt=-pass-through=-lgcc_s -plugin-opt=-pass-through=-lc --build-id --eh-frame-hdr \
    -m elf_x86_64 --hash-style=gnu --as-needed -dynamic-linker /lib64/ld-linux-x86-64.so.2 -pie \
    -o a.out /lib/Scrt1.o /lib/crti.o /gcc/crtbeginS.o -L/gcc -L/lib /tmp/a.o -lgcc --push-state \
    --as-needed -lgcc_s --pop-state -lc -lgcc --push-state --as-needed -lgcc_s --pop-state \
    /gcc/crtendS.o /lib/crtn.o";
const GCC_NO_PIE: &str = "--build-id --eh-frame-hdr -m elf_x86_64 --hash-style=gnu --as-needed \
    -dynamic-linker /lib64/ld-linux-x86-64.so.2 -o a.out /lib/crt1.o /lib/crti.o /gcc/crtbegin.o \
    -L/gcc -L/lib /tmp/a.o -lgcc --push-state --as-needed -lgcc_s --pop-state -lc /gcc/crtend.o \
    /lib/crtn.o";
const GCC_RELOCATABLE: &str = "--eh-frame-hdr -m elf_x86_64 --hash-style=gnu --as-needed \
    -dynamic-linker /lib64/ld-linux-x86-64.so.2 -o a.out -r -L/gcc -L/lib /tmp/a.o";
const GXX_STATIC: &str = "-plugin /gcc/liblto_plugin.so -plugin-opt=/gcc/lto-wrapper \
    -plugin-opt=-fresolution=/tmp/a.res -plugin-opt=-pass-through=-lc --build-id -m elf_x86_64 \
    --hash-style=gnu --as-needed -static -o a.out /lib/crt1.o /lib/crti.o /gcc/crtbeginT.o -L/gcc \
    -L/lib /tmp/a.o -lstdc++ -lm --start-group -lgcc -lgcc_eh -lc --end-group /gcc/crtend.o \
    /lib/crtn.o";

/// clang 19 with glibc.
const CLANG_STATIC: &str = "--hash-style=gnu --build-id --eh-frame-hdr -m elf_x86_64 -static \
    -o a.out /lib/crt1.o /lib/crti.o /gcc/crtbeginT.o -L/gcc -L/lib /tmp/a.o --start-group -lgcc \
    -lgcc_eh -lc --end-group /gcc/crtend.o /lib/crtn.o";
const CLANG_STATIC_PIE_PROFILE: &str = "--hash-style=gnu --build-id --eh-frame-hdr -m elf_x86_64 \
    -static -pie --no-dynamic-linker -z text -o a.out /lib/rcrt1.o /lib/crti.o /gcc/crtbeginS.o \
    -L/gcc -L/lib /tmp/a.o -u__llvm_profile_runtime /clang/libclang_rt.profile.a --start-group \
    -lgcc -lgcc_eh -lc --end-group /gcc/crtendS.o /lib/crtn.o";
const CLANG_STATIC_THINLTO: &str = "--hash-style=gnu --build-id --eh-frame-hdr -m elf_x86_64 \
    -static -o a.out /lib/crt1.o /lib/crti.o /gcc/crtbeginT.o -L/gcc -L/lib \
    -plugin /llvm/LLVMgold.so -plugin-opt=mcpu=x86-64 -plugin-opt=O2 -plugin-opt=thinlto /tmp/a.o \
    --start-group -lgcc -lgcc_eh -lc --end-group /gcc/crtend.o /lib/crtn.o";
const CLANG_DEFAULT_MUSL: &str = "--hash-style=gnu --build-id --eh-frame-hdr -m elf_x86_64 -pie \
    -dynamic-linker /lib/ld-musl-x86_64.so.1 -o a.out /lib/Scrt1.o /lib/crti.o /gcc/crtbeginS.o \
    -L/gcc -L/lib /tmp/a.o -lgcc --as-needed -lgcc_s --no-as-needed -lc -lgcc --as-needed -lgcc_s \
    --no-as-needed /gcc/crtendS.o /lib/crtn.o";

/// musl-gcc over gcc 12: an interpreter in any case, and start files for shared code.
const MUSL_GCC_STATIC: &str = "-plugin /gcc/liblto_plugin.so -plugin-opt=/gcc/lto-wrapper \
    -plugin-opt=-fresolution=/tmp/a.res -plugin-opt=-pass-through=/gcc/libgcc.a \
    -plugin-opt=-pass-through=-lc -dynamic-linker /lib/ld-musl-x86_64.so.1 -nostdlib -static \
    -o a.out /musl/Scrt1.o /musl/crti.o /gcc/crtbeginS.o -L/musl -L /gcc/. /tmp/a.o --start-group \
    /gcc/libgcc.a /gcc/libgcc_eh.a -lc --end-group /gcc/crtendS.o /musl/crtn.o";
const MUSL_GCC_STATIC_PIE: &str = "-dynamic-linker /lib/ld-musl-x86_64.so.1 -nostdlib -pie \
    -o a.out /musl/Scrt1.o /musl/crti.o /gcc/crtbeginS.o -L/musl -L /gcc/. /tmp/a.o --start-group \
    /gcc/libgcc.a /gcc/libgcc_eh.a -lc --end-group /gcc/crtendS.o /musl/crtn.o";

/// rustc 1.95, glibc through gcc with `-C target-feature=+crt-static`.
const RUSTC_GCC_CRT_STATIC: &str = "-plugin /gcc/liblto_plugin.so \
    -plugin-opt=-fresolution=/tmp/a.res --build-id --eh-frame-hdr -m elf_x86_64 --hash-style=gnu \
    --as-needed -static -pie --no-dynamic-linker -z text -pie -o a.out /lib/rcrt1.o /lib/crti.o \
    /gcc/crtbeginS.o -L/tmp/raw-dylibs -L/rust/lib -L/gcc -L/lib symbols.o a.rcgu.o --as-needed \
    -Bstatic /rust/libstd.rlib /rust/liblibc.rlib -lutil -lrt -lpthread -lm -ldl -lc -lgcc_eh \
    -lgcc -lc /rust/libcompiler_builtins.rlib -Bdynamic --eh-frame-hdr -z noexecstack \
    --gc-sections -z relro -z now /gcc/crtendS.o /lib/crtn.o";
/// The same without `+crt-static`.
const RUSTC_GCC_DYNAMIC: &str = "--build-id --eh-frame-hdr -m elf_x86_64 --hash-style=gnu \
    --as-needed -dynamic-linker /lib64/ld-linux-x86-64.so.2 -pie -o a.out /lib/Scrt1.o \
    /lib/crti.o /gcc/crtbeginS.o -L/rust/lib -L/gcc -L/lib symbols.o a.rcgu.o --as-needed -Bstatic \
    /rust/libstd.rlib -Bdynamic -lgcc_s -lutil -lc --eh-frame-hdr -z noexecstack --gc-sections \
    -z relro -z now /gcc/crtendS.o /lib/crtn.o";
/// musl through musl-gcc: `-static-pie` has become `-pie` with an interpreter.
const RUSTC_MUSL_GCC: &str = "-plugin /gcc/liblto_plugin.so -plugin-opt=-fresolution=/tmp/a.res \
    -dynamic-linker /lib/ld-musl-x86_64.so.1 -nostdlib -pie -o a.out -L/tmp/raw-dylibs \
    -L/rust/self-contained -L/rust/lib -L/musl -L /gcc/. /rust/self-contained/rcrt1.o \
    /rust/self-contained/crti.o /rust/self-contained/crtbeginS.o symbols.o a.rcgu.o --as-needed \
    -Bstatic /rust/libstd.rlib -lunwind /rust/liblibc.rlib -lc -Bdynamic --eh-frame-hdr \
    -z noexecstack --gc-sections -z relro -z now /rust/self-contained/crtendS.o \
    /rust/self-contained/crtn.o";
/// musl with `-C linker-flavor=ld`, and with `ld.lld` and `-C strip=debuginfo`.
const RUSTC_LD: &str = "/rust/self-contained/rcrt1.o /rust/self-contained/crti.o \
    /rust/self-contained/crtbeginS.o symbols.o a.rcgu.o --as-needed -Bstatic /rust/libstd.rlib \
    -lunwind /rust/liblibc.rlib -lc -L /tmp/raw-dylibs -Bdynamic --eh-frame-hdr -z noexecstack \
    -L /rust/self-contained -L /rust/lib -o a.out --gc-sections -static -pie --no-dynamic-linker \
    -z text -z relro -z now -O1 /rust/self-contained/crtendS.o /rust/self-contained/crtn.o";
const RUSTC_LLD: &str = "-flavor gnu /rust/self-contained/rcrt1.o symbols.o a.rcgu.o --as-needed \
    -Bstatic /rust/libstd.rlib -lc -L /tmp/raw-dylibs -Bdynamic --eh-frame-hdr -z noexecstack \
    -L /rust/lib -o a.out --gc-sections -static -pie --no-dynamic-linker -z text -z relro -z now \
    --strip-debug /rust/self-contained/crtendS.o";
/// `-C relocation-model=static`, through clang.
const RUSTC_CLANG_STATIC: &str = "--hash-style=gnu --build-id --eh-frame-hdr -m elf_x86_64 -static \
    -o a.out -L/rust/self-contained -L/rust/lib -L/lib /rust/self-contained/crt1.o symbols.o \
    a.rcgu.o --as-needed -Bstatic /rust/libstd.rlib -lunwind -lc -Bdynamic --eh-frame-hdr \
    -z noexecstack --gc-sections -z relro -z now /rust/self-contained/crtend.o";

fn link(line: &str) -> Options {
    match parse(line.split_whitespace().map(Into::into)) {
        Ok(Command::Link(options, warnings)) => {
            assert_eq!(warnings, [""; 0], "{line}");
            *options
        }
        other => panic!("{line}\n{other:?}"),
    }
}

fn refusal(line: &str) -> String {
    let errors = parse(line.split_whitespace().map(Into::into)).unwrap_err();
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn libraries(options: &Options) -> Vec<&str> {
    let names = options.inputs.iter().filter_map(|input| match &input.name {
        InputName::Library(name) => Some(name.as_str()),
        _ => None,
    });
    names.collect()
}

#[test]
fn output_kind_is_what_the_driver_was_asked_for() {
    for (line, pie) in [
        (GCC_STATIC, false),
        (GCC_STATIC_PIE, true),
        (GXX_STATIC, false),
        (CLANG_STATIC, false),
        (CLANG_STATIC_PIE_PROFILE, true),
        (CLANG_STATIC_THINLTO, false),
        (MUSL_GCC_STATIC, false),
        (RUSTC_GCC_CRT_STATIC, true),
        (RUSTC_MUSL_GCC, true),
        (RUSTC_LD, true),
        (RUSTC_LLD, true),
        (RUSTC_CLANG_STATIC, false),
    ] {
        let options = link(line);
        assert_eq!(options.pie, pie, "{line}");
        assert_eq!(options.dynamic_linker, None, "{line}");
        assert_eq!(options.output, Path::new("a.out"), "{line}");
        assert_eq!(options.discard, Discard::MergeTemporaries, "{line}");
        assert!(options.eh_frame_hdr && options.relro && options.relax, "{line}");
        assert!(libraries(&options).contains(&"c"), "{line}");
    }
}

#[test]
fn a_dynamic_pie_is_refused_with_advice() {
    for line in [GCC_DEFAULT, CLANG_DEFAULT_MUSL, RUSTC_GCC_DYNAMIC, MUSL_GCC_STATIC_PIE] {
        let message = refusal(line);
        assert!(message.contains("-static-pie"), "{message}");
        assert!(message.contains("-C target-feature=+crt-static"), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn an_interpreter_without_pie_is_left_to_the_inputs() {
    let options = link(GCC_NO_PIE);
    assert!(!options.pie);
    assert_eq!(options.dynamic_linker.as_deref(), Some(Path::new("/lib64/ld-linux-x86-64.so.2")));
}

#[test]
fn relocatable_output_is_refused() {
    assert_eq!(
        refusal(GCC_RELOCATABLE),
        "option '-r': gild links static x86-64 executables and no relocatable objects; \
         use GNU ld, lld or mold"
    );
}

#[test]
fn no_value_is_taken_for_an_input() {
    let inputs = |line| -> Vec<String> {
        let paths = link(line).inputs.into_iter().map(|input| match input.name {
            InputName::Path(path) => path.display().to_string(),
            InputName::Library(name) => format!("-l{name}"),
            InputName::LibraryFile(name) => format!("-l:{name}"),
        });
        paths.collect()
    };
    assert_eq!(
        inputs(GXX_STATIC).join(" "),
        "/lib/crt1.o /lib/crti.o /gcc/crtbeginT.o /tmp/a.o -lstdc++ -lm -lgcc -lgcc_eh -lc \
         /gcc/crtend.o /lib/crtn.o"
    );
    assert_eq!(
        inputs(MUSL_GCC_STATIC).join(" "),
        "/musl/Scrt1.o /musl/crti.o /gcc/crtbeginS.o /tmp/a.o /gcc/libgcc.a /gcc/libgcc_eh.a -lc \
         /gcc/crtendS.o /musl/crtn.o"
    );
    assert_eq!(
        inputs(RUSTC_LLD).join(" "),
        "/rust/self-contained/rcrt1.o symbols.o a.rcgu.o /rust/libstd.rlib -lc \
         /rust/self-contained/crtendS.o"
    );
}

#[test]
fn details_of_driver_lines() {
    let options = link(CLANG_STATIC_PIE_PROFILE);
    assert_eq!(options.undefined, ["__llvm_profile_runtime"]);
    assert_eq!(options.build_id, Some(BuildId::Hashed(20)));

    let options = link(RUSTC_LLD);
    assert_eq!(options.strip, Strip::Debug);
    assert_eq!(options.execstack, Some(false));
    assert!(options.gc_sections && options.bind_now);

    let options = link(RUSTC_LD);
    assert_eq!(options.optimize, 1);
    assert_eq!(options.build_id, None);
    let directories = ["/tmp/raw-dylibs", "/rust/self-contained", "/rust/lib"];
    assert_eq!(options.library_paths, directories.map(Path::new));
}
