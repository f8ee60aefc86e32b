//! What the guests run: 32-bit flat protected mode, without paging, 75 bytes of it.
//!
//! Each vCPU has a page of its own, at whose beginning lie its counter of work, 64 bits, and after
//! how many turns of the loop it stops, 32 bits.

use kvm_bindings::{kvm_regs, kvm_segment, kvm_sregs};

use crate::vcpu::Behaviour;

/// Where the code lies.
pub(super) const CODE: u64 = 0x1000;
/// Where the page of the first vCPU lies.
const PAGES: u64 = 0x10_000;
pub(super) const PAGE: u64 = 0x1000;
/// Where in its page a vCPU finds after how many turns it stops.
pub(super) const STOPS_AFTER: u64 = 8;

/// The page of a vCPU of the guest; that of the first one behind all of them is where memory ends.
pub(super) fn page(index: usize) -> u64 {
    PAGES + PAGE * index as u64
}

/// The programs, one for each behaviour.
pub(super) fn programs() -> Vec<u8> {
    [BUSY.as_slice(), HALTS.as_slice(), ASKS.as_slice()].concat()
}

/// Where the program of a behaviour begins.
fn entry(behaviour: Behaviour) -> u64 {
    let offset = match behaviour {
        Behaviour::Busy => 0,
        Behaviour::Halts(_) => BUSY.len(),
        Behaviour::AsksDevice(_) => BUSY.len() + HALTS.len(),
    };
    CODE + offset as u64
}

const BUSY: [u8; 9] = [
    0x83, 0x06, 0x01, // turn: add dword [esi], 1
    0x83, 0x56, 0x04, 0x00, // adc dword [esi + 4], 0
    0xeb, 0xf7, // jmp turn
];

const HALTS: [u8; 16] = [
    0x8b, 0x4e, 0x08, // again: mov ecx, [esi + 8]
    0x83, 0x06, 0x01, // turn: add dword [esi], 1
    0x83, 0x56, 0x04, 0x00, // adc dword [esi + 4], 0
    0x49, // dec ecx
    0x75, 0xf6, // jnz turn
    0xf4, // hlt
    0xeb, 0xf0, // jmp again
];

const ASKS: [u8; 17] = [
    0x8b, 0x4e, 0x08, // again: mov ecx, [esi + 8]
    0x83, 0x06, 0x01, // turn: add dword [esi], 1
    0x83, 0x56, 0x04, 0x00, // adc dword [esi + 4], 0
    0x49, // dec ecx
    0x75, 0xf6, // jnz turn
    0xe6, 0x10, // out 0x10, al
    0xeb, 0xef, // jmp again
];

/// Registers at the start.
pub(super) fn registers(index: usize, behaviour: Behaviour) -> kvm_regs {
    kvm_regs {
        rip: entry(behaviour),
        rsi: page(index),
        rflags: RESERVED_FLAG,
        ..kvm_regs::default()
    }
}

/// The mode: protected, segments that are all of memory.
pub(super) fn enter_protected_mode(registers: &mut kvm_sregs) {
    registers.cr0 |= PROTECTED;
    registers.cs = segment(EXECUTE_READ_ACCESSED, 1);
    let data = segment(READ_WRITE_ACCESSED, 2);
    for register in [
        &mut registers.ds,
        &mut registers.es,
        &mut registers.fs,
        &mut registers.gs,
        &mut registers.ss,
    ] {
        *register = data;
    }
}

fn segment(kind: u8, index: u16) -> kvm_segment {
    kvm_segment {
        base: 0,
        limit: u32::MAX,
        selector: index << 3,
        type_: kind,
        present: 1,
        db: 1,
        s: 1,
        g: 1,
        ..kvm_segment::default()
    }
}

const PROTECTED: u64 = 1;
/// Always set.
const RESERVED_FLAG: u64 = 2;
const EXECUTE_READ_ACCESSED: u8 = 0b1011;
const READ_WRITE_ACCESSED: u8 = 0b0011;
