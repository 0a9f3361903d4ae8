//! Members of the family that an allocator lacks, made of those that it has.
//!
//! Each function is an object of its own that takes part only if something refers to it.

use crate::object_file;

/// One section of an object with one global function at its start.
struct Code {
    bytes: Vec<u8>,
    /// Offset of a 32-bit field, name of the function it calls.
    calls: Vec<(u64, &'static str)>,
}

/// The object that defines `name` by what `has` says the allocator has; and what it rests on.
pub fn complete(name: &str, has: &dyn Fn(&str) -> bool) -> Option<(Vec<u8>, &'static str)> {
    let (parts, base) = code(name, has)?;
    let code = assemble(parts);
    Some((object_file::function(name, &code.bytes, &code.calls), base))
}

/// What stands for `name`, and the function that it rests on.
fn code(name: &str, has: &dyn Fn(&str) -> bool) -> Option<(&'static [Part], &'static str)> {
    let aligned =
        ["memalign", "aligned_alloc", "posix_memalign"].into_iter().find(|name| has(name));
    Some(match (name, aligned) {
        ("calloc", _) => (CALLOC, "malloc"),
        ("reallocarray", _) => (REALLOCARRAY, "realloc"),
        ("cfree" | "free_sized" | "free_aligned_sized", _) => (FREE, "free"),
        ("malloc_trim" | "mallopt", _) => (NOTHING, "nothing"),
        ("valloc" | "pvalloc", Some(_)) => (WHOLE_PAGES, "memalign"),
        ("aligned_alloc", Some("memalign")) => (MEMALIGN, "memalign"),
        ("memalign", Some("aligned_alloc")) => (MEMALIGN_BY_ALIGNED_ALLOC, "aligned_alloc"),
        ("memalign" | "aligned_alloc", Some("posix_memalign")) => {
            (MEMALIGN_BY_POSIX_MEMALIGN, "posix_memalign")
        }
        ("posix_memalign", Some(_)) => (POSIX_MEMALIGN, "memalign"),
        _ => return None,
    })
}

enum Part {
    Bytes(&'static [u8]),
    Call(&'static str),
    Jump(&'static str),
    /// A short conditional jump, forwards.
    If(u8, usize),
    Label(usize),
    /// errno = ENOMEM; return NULL.
    NoMemory,
}

/// Opcodes of short jumps: `jo`, `jz`, `jnz`.
const OVERFLOW: u8 = 0x70;
const ZERO: u8 = 0x74;
const NOT_ZERO: u8 = 0x75;

/// C: n * size bytes, all zero, or NULL if the product overflows.
const CALLOC: &[Part] = &[
    Part::Bytes(&[0x48, 0x89, 0xf8]), // mov rax, rdi
    Part::Bytes(&[0x48, 0xf7, 0xe6]), // mul rsi
    Part::If(OVERFLOW, 1),
    Part::Bytes(&[0x50, 0x48, 0x89, 0xc7]), // push rax; mov rdi, rax
    Part::Call("malloc"),
    Part::Bytes(&[0x59]),             // pop rcx
    Part::Bytes(&[0x48, 0x85, 0xc0]), // test rax, rax
    Part::If(ZERO, 0),
    Part::Bytes(&[0x49, 0x89, 0xc0]),       // mov r8, rax
    Part::Bytes(&[0x48, 0x89, 0xc7]),       // mov rdi, rax
    Part::Bytes(&[0x31, 0xc0, 0xf3, 0xaa]), // xor eax, eax; rep stosb
    Part::Bytes(&[0x4c, 0x89, 0xc0]),       // mov rax, r8
    Part::Label(0),
    Part::Bytes(&[0xc3]), // ret
    Part::Label(1),
    Part::NoMemory,
];

/// OpenBSD, glibc 2.26: realloc(p, n * size), or NULL if the product overflows.
const REALLOCARRAY: &[Part] = &[
    Part::Bytes(&[0x48, 0x89, 0xf0]), // mov rax, rsi
    Part::Bytes(&[0x48, 0xf7, 0xe2]), // mul rdx
    Part::If(OVERFLOW, 0),
    Part::Bytes(&[0x48, 0x89, 0xc6]), // mov rsi, rax
    Part::Jump("realloc"),
    Part::Label(0),
    Part::NoMemory,
];

/// The sizes say nothing that free needs.
const FREE: &[Part] = &[Part::Jump("free")];

/// glibc's manual: 0 is "no memory was released", and "the option was not accepted".
const NOTHING: &[Part] = &[Part::Bytes(&[0x31, 0xc0, 0xc3])];

/// The manual calls for a whole page, which is 4096 bytes on x86-64, and for pvalloc for whole
/// pages.
const WHOLE_PAGES: &[Part] = &[
    Part::Bytes(&[0x48, 0x8d, 0xb7, 0xff, 0x0f, 0, 0]), // lea rsi, [rdi + 4095]
    Part::Bytes(&[0x48, 0x81, 0xe6, 0x00, 0xf0, 0xff, 0xff]), // and rsi, -4096
    Part::Bytes(&[0x48, 0x39, 0xfe]),                   // cmp rsi, rdi
    Part::Bytes(&[0x48, 0x0f, 0x42, 0xf7]),             // cmovb rsi, rdi: overflow
    Part::Bytes(&[0xbf, 0, 0x10, 0, 0]),                // mov edi, 4096
    Part::Jump("memalign"),
];

/// memalign takes any size.
const MEMALIGN: &[Part] = &[Part::Jump("memalign")];

/// C11 lets aligned_alloc refuse a size that is no multiple of the alignment.
const MEMALIGN_BY_ALIGNED_ALLOC: &[Part] = &[
    Part::Bytes(&[0x48, 0x89, 0xfa]),             // mov rdx, rdi
    Part::Bytes(&[0x48, 0xf7, 0xda]),             // neg rdx
    Part::Bytes(&[0x48, 0x8d, 0x44, 0x3e, 0xff]), // lea rax, [rsi + rdi - 1]
    Part::Bytes(&[0x48, 0x21, 0xd0]),             // and rax, rdx
    Part::Bytes(&[0x48, 0x39, 0xf0]),             // cmp rax, rsi
    Part::Bytes(&[0x48, 0x0f, 0x43, 0xf0]),       // cmovae rsi, rax: no overflow
    Part::Jump("aligned_alloc"),
];

/// The alignment is a multiple of a pointer at least, and the error goes to errno.
const MEMALIGN_BY_POSIX_MEMALIGN: &[Part] = &[
    Part::Bytes(&[0x48, 0x83, 0xec, 0x18]),       // sub rsp, 24
    Part::Bytes(&[0x48, 0x89, 0xf2]),             // mov rdx, rsi
    Part::Bytes(&[0x48, 0x89, 0xfe]),             // mov rsi, rdi
    Part::Bytes(&[0xb8, 8, 0, 0, 0]),             // mov eax, 8
    Part::Bytes(&[0x48, 0x39, 0xc6]),             // cmp rsi, rax
    Part::Bytes(&[0x48, 0x0f, 0x42, 0xf0]),       // cmovb rsi, rax
    Part::Bytes(&[0x48, 0x8d, 0x7c, 0x24, 0x08]), // lea rdi, [rsp + 8]
    Part::Bytes(&[0x48, 0xc7, 0x44, 0x24, 0x08, 0, 0, 0, 0]), // mov qword [rsp+8], 0
    Part::Call("posix_memalign"),
    Part::Bytes(&[0x89, 0x04, 0x24]), // mov [rsp], eax
    Part::Bytes(&[0x85, 0xc0]),       // test eax, eax
    Part::If(ZERO, 0),
    Part::Bytes(&[0x48, 0xc7, 0x44, 0x24, 0x08, 0, 0, 0, 0]), // mov qword [rsp+8], 0
    Part::Call("__errno_location"),
    Part::Bytes(&[0x8b, 0x0c, 0x24]), // mov ecx, [rsp]
    Part::Bytes(&[0x89, 0x08]),       // mov [rax], ecx
    Part::Label(0),
    Part::Bytes(&[0x48, 0x8b, 0x44, 0x24, 0x08]), // mov rax, [rsp + 8]
    Part::Bytes(&[0x48, 0x83, 0xc4, 0x18, 0xc3]), // add rsp, 24; ret
];

/// POSIX: EINVAL unless a power of two that is a multiple of a pointer; ENOMEM.
const POSIX_MEMALIGN: &[Part] = &[
    Part::Bytes(&[0x40, 0xf6, 0xc6, 0x07]), // test sil, 7
    Part::If(NOT_ZERO, 1),
    Part::Bytes(&[0x48, 0x8d, 0x46, 0xff]), // lea rax, [rsi - 1]
    Part::Bytes(&[0x48, 0x85, 0xf6]),       // test rsi, rsi
    Part::If(ZERO, 1),
    Part::Bytes(&[0x48, 0x85, 0xc6]), // test rsi, rax
    Part::If(NOT_ZERO, 1),
    Part::Bytes(&[0x57]),             // push rdi
    Part::Bytes(&[0x48, 0x89, 0xf7]), // mov rdi, rsi
    Part::Bytes(&[0x48, 0x89, 0xd6]), // mov rsi, rdx
    Part::Call("memalign"),
    Part::Bytes(&[0x59]),             // pop rcx
    Part::Bytes(&[0x48, 0x85, 0xc0]), // test rax, rax
    Part::If(ZERO, 0),
    Part::Bytes(&[0x48, 0x89, 0x01, 0x31, 0xc0, 0xc3]), // mov [rcx], rax; 0; ret
    Part::Label(0),
    Part::Bytes(&[0xb8, 12, 0, 0, 0, 0xc3]), // mov eax, ENOMEM; ret
    Part::Label(1),
    Part::Bytes(&[0xb8, 22, 0, 0, 0, 0xc3]), // mov eax, EINVAL; ret
];

/// Where an indirect branch may go under IBT.
const ENDBR64: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];

fn assemble(parts: &[Part]) -> Code {
    let mut code = Code { bytes: ENDBR64.into(), calls: Vec::new() };
    let mut jumps: Vec<(usize, usize)> = Vec::new();
    for part in parts {
        match *part {
            Part::Bytes(bytes) => code.bytes.extend(bytes),
            Part::Call(name) => code.call(0xe8, name),
            Part::Jump(name) => code.call(0xe9, name),
            Part::If(opcode, label) => {
                code.bytes.extend([opcode, 0]);
                jumps.push((label, code.bytes.len()));
            }
            Part::Label(label) => {
                let here = code.bytes.len();
                for &(_, end) in jumps.iter().filter(|(target, _)| *target == label) {
                    code.bytes[end - 1] = (here - end) as u8;
                }
            }
            Part::NoMemory => {
                code.bytes.push(0x50); // push rax: aligns the stack
                code.call(0xe8, "__errno_location");
                // mov dword [rax], 12; pop rcx; xor eax, eax; ret
                code.bytes.extend([0xc7, 0x00, 12, 0, 0, 0, 0x59, 0x31, 0xc0, 0xc3]);
            }
        }
    }
    code
}

impl Code {
    fn call(&mut self, opcode: u8, name: &'static str) {
        self.bytes.push(opcode);
        self.calls.push((self.bytes.len() as u64, name));
        self.bytes.extend([0; 4]);
    }
}
