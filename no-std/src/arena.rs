//! Memory for the proof.
#![allow(unsafe_code, reason = "an allocator cannot be written without")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Hands out a fixed piece of memory from its start to its end and takes nothing back.
struct Arena {
    memory: UnsafeCell<[u8; BYTES]>,
    used: AtomicUsize,
}

// SAFETY: `used` grows atomically, so no two callers are given the same bytes of `memory`.
unsafe impl Sync for Arena {}

// SAFETY: a block lies within `memory`, is aligned as asked, and overlaps no other block, because
// `used` only ever grows past it. Blocks are never moved. Nothing here panics.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.memory.get().cast::<u8>();
        let mut at = 0;
        let grown = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            let free = start.addr().checked_add(used)?;
            at = free.checked_next_multiple_of(layout.align())? - start.addr();
            at.checked_add(layout.size()).filter(|&end| end <= BYTES)
        });
        match grown {
            // SAFETY: `at` is at most `BYTES`, so the result is in `memory` or one past its end.
            Ok(_) => unsafe { start.add(at) },
            Err(_) => ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ARENA: Arena = Arena { memory: UnsafeCell::new([0; BYTES]), used: AtomicUsize::new(0) };

const BYTES: usize = 16 << 20;
