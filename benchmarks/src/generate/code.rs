//! Machine code with references to be filled in by the linker.

use super::object::kinds;
use object::elf::RelocationType;
use object::write::SymbolId;

/// What an instruction refers to.
pub enum Target {
    /// A global symbol.
    Symbol(String),
    /// A symbol of the same object.
    Local(SymbolId),
}

/// A four-byte field at the end of an instruction.
pub struct Reference {
    /// Where the field is, in bytes from the function's start.
    pub offset: u64,
    /// What it refers to.
    pub target: Target,
    /// The relocation's type.
    pub kind: RelocationType,
}

/// The code of one function.
#[derive(Default)]
pub struct Code {
    /// Instructions.
    pub bytes: Vec<u8>,
    /// Fields in them, in order.
    pub references: Vec<Reference>,
    /// Where the distance of the branch over the dormant part is to be filled in.
    branch: Option<usize>,
}

impl Code {
    fn refer(&mut self, opcode: &[u8], target: Target, kind: RelocationType) {
        self.bytes.extend(opcode);
        self.references.push(Reference { offset: self.bytes.len() as u64, target, kind });
        self.bytes.extend([0; 4]);
    }

    /// A function that returns `number`.
    pub fn number(number: u32) -> Self {
        let mut code = Self::default();
        code.bytes.push(0xb8); // mov eax, imm32
        code.bytes.extend(number.to_le_bytes());
        code.bytes.push(0xc3); // ret
        code
    }

    /// The beginning of a function that loads the number at `symbol`.
    pub fn load(symbol: &str) -> Self {
        let mut code = Self::default();
        // mov eax, [rip + symbol]
        code.refer(&[0x8b, 0x05], Target::Symbol(symbol.to_owned()), kinds::RELATIVE);
        code
    }

    /// The beginning of a function whose remainder is never executed.
    pub fn dormant() -> Self {
        let mut code = Self::default();
        code.skip();
        code
    }

    /// A call that is never executed.
    pub fn dormant_call(&mut self, symbol: &str) {
        self.skip();
        self.call(symbol);
    }

    /// Branches to what [`Code::end`] puts down.
    fn skip(&mut self) {
        self.bytes.extend([0x31, 0xd2, 0x0f, 0x84]); // xor edx, edx; je rel32
        self.branch = Some(self.bytes.len());
        self.bytes.extend([0; 4]);
    }

    /// `call symbol`
    pub fn call(&mut self, symbol: &str) {
        self.refer(&[0xe8], Target::Symbol(symbol.to_owned()), kinds::CALL);
    }

    /// `lea rdi, [rip + symbol]`
    pub fn address(&mut self, symbol: SymbolId) {
        self.refer(&[0x48, 0x8d, 0x3d], Target::Local(symbol), kinds::RELATIVE);
    }

    /// `mov rax, [rip + symbol@GOTPCREL]`
    pub fn load_through_got(&mut self, symbol: &str) {
        self.refer(&[0x48, 0x8b, 0x05], Target::Symbol(symbol.to_owned()), kinds::GOT);
    }

    /// `ret`, where the branch over the dormant part ends.
    pub fn end(&mut self) {
        if let Some(field) = self.branch {
            let distance = (self.bytes.len() - field - 4) as u32;
            self.bytes[field..field + 4].copy_from_slice(&distance.to_le_bytes());
        }
        self.bytes.push(0xc3);
    }

    /// A program that calls every one of `entries` and exits with 0 if they return `sum` in all.
    pub fn start(entries: impl Iterator<Item = String>, sum: u32) -> Self {
        let mut code = Self::default();
        code.bytes.extend([0x31, 0xdb]); // xor ebx, ebx
        for entry in entries {
            code.call(&entry);
            code.bytes.extend([0x01, 0xc3]); // add ebx, eax
        }
        code.bytes.extend([0x81, 0xfb]); // cmp ebx, imm32
        code.bytes.extend(sum.to_le_bytes());
        // setne al; movzx edi, al; mov eax, 60 (exit); syscall
        code.bytes.extend([0x0f, 0x95, 0xc0, 0x0f, 0xb6, 0xf8, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]);
        code
    }
}
