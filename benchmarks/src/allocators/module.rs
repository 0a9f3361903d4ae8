//! A WebAssembly module of any size, for a compiler to chew on: functions with loops, branches,
//! arithmetic, memory and calls of each other. Encoded as the WebAssembly core specification has it
//! in chapter 5, by hand: it takes six instructions' worth of bytes.

/// Statements in a function: about 600 bytes of code.
const STATEMENTS: usize = 70;

/// Locals with the two parameters; a power of two.
const LOCALS: u32 = 8;

const I32: u8 = 0x7f;
const EMPTY_BLOCK: u8 = 0x40;
const LOCAL_GET: u8 = 0x20;
const LOCAL_SET: u8 = 0x21;
const LOCAL_TEE: u8 = 0x22;
const END: u8 = 0x0b;

/// `i32.add`, `sub`, `mul`, `and`, `or`, `xor`, `shl`, `rotl`: none of them traps.
const OPERATORS: [u8; 8] = [0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x77];

/// A module of `functions` functions; the same bytes for the same number.
pub fn module(functions: u32) -> Vec<u8> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    // One type, (i32, i32) -> i32, which every function has; one memory of one page.
    section(&mut bytes, 1, &[1, 0x60, 2, I32, I32, 1, I32]);
    let mut types = Vec::new();
    unsigned(&mut types, functions);
    types.resize(types.len() + functions as usize, 0);
    section(&mut bytes, 3, &types);
    section(&mut bytes, 5, &[1, 0, 1]);
    let mut code = Vec::new();
    unsigned(&mut code, functions);
    for _ in 0..functions {
        let body = body(&mut random, functions);
        unsigned(&mut code, body.len() as u32);
        code.extend(body);
    }
    section(&mut bytes, 10, &code);
    bytes
}

fn section(bytes: &mut Vec<u8>, id: u8, contents: &[u8]) {
    bytes.push(id);
    unsigned(bytes, contents.len() as u32);
    bytes.extend(contents);
}

fn body(random: &mut Random, functions: u32) -> Vec<u8> {
    let mut code = vec![1, LOCALS as u8 - 2, I32];
    code.extend([0x03, EMPTY_BLOCK]); // loop
    for _ in 0..STATEMENTS {
        statement(&mut code, random, functions);
    }
    // The second parameter counts the loop down: get, i32.const 1, i32.sub, tee, br_if 0.
    code.extend([LOCAL_GET, 1, 0x41, 1, 0x6b, LOCAL_TEE, 1, 0x0d, 0, END]);
    code.extend([LOCAL_GET, 2, END]);
    code
}

fn statement(code: &mut Vec<u8>, random: &mut Random, functions: u32) {
    match random.below(8) {
        0 => {
            get(code, random);
            code.extend([0x28, 2, random.below(128) as u8]); // i32.load
            set(code, random);
        }
        1 => {
            get(code, random);
            get(code, random);
            code.extend([0x36, 2, random.below(128) as u8]); // i32.store
        }
        2 => {
            get(code, random);
            code.extend([0x04, EMPTY_BLOCK]); // if
            arithmetic(code, random);
            code.push(0x05); // else
            arithmetic(code, random);
            code.push(END);
        }
        3 => {
            get(code, random);
            get(code, random);
            code.push(0x10); // call
            unsigned(code, random.below(functions));
            set(code, random);
        }
        _ => arithmetic(code, random),
    }
}

fn arithmetic(code: &mut Vec<u8>, random: &mut Random) {
    get(code, random);
    get(code, random);
    code.push(OPERATORS[random.below(OPERATORS.len() as u32) as usize]);
    set(code, random);
}

fn get(code: &mut Vec<u8>, random: &mut Random) {
    code.extend([LOCAL_GET, random.below(LOCALS) as u8]);
}

/// Any local but the loop's counter.
fn set(code: &mut Vec<u8>, random: &mut Random) {
    code.extend([LOCAL_SET, 2 + random.below(LOCALS - 2) as u8]);
}

/// LEB128.
fn unsigned(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32 % limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_takes_seven_bits_a_byte() {
        let encoded = |value| {
            let mut bytes = Vec::new();
            unsigned(&mut bytes, value);
            bytes
        };
        assert_eq!(encoded(0x7f), [0x7f]);
        assert_eq!(encoded(624_485), [0xe5, 0x8e, 0x26]);
    }

    #[test]
    fn a_module_grows_with_its_functions_and_is_the_same_each_time() {
        let small = module(10);
        assert_eq!(small, module(10));
        assert!(small.starts_with(b"\0asm\x01\0\0\0"));
        let grown = module(100).len() as f64 / small.len() as f64;
        assert!((9.0..11.0).contains(&grown), "{grown}");
    }
}
