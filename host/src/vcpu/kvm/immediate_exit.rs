//! The byte that a vCPU looks at before it enters the guest.
#![expect(unsafe_code, reason = "it lies in a page that is shared with the kernel")]

use std::ffi::c_void;
use std::mem::offset_of;
use std::os::fd::BorrowedFd;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU8, Ordering};

use kvm_bindings::kvm_run;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// `immediate_exit` of a vCPU, in a mapping of its own: where it is not zero, `KVM_RUN` returns
/// `EINTR` at once. Linux, `Documentation/virt/kvm/api.rst`, section 5.
#[derive(Debug)]
pub(super) struct ImmediateExit(NonNull<AtomicU8>);

// SAFETY: nothing is reached through the pointer but an atomic.
unsafe impl Send for ImmediateExit {}
// SAFETY: as above.
unsafe impl Sync for ImmediateExit {}

impl ImmediateExit {
    /// Maps the first page of what a vCPU shares with its user.
    pub(super) fn of(vcpu: BorrowedFd<'_>) -> Result<Self, Errno> {
        const { assert!(OFFSET < LENGTH) };
        let flags = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping, at an address that the kernel chooses, takes nothing from anybody.
        let page = unsafe { mmap(ptr::null_mut(), LENGTH, flags, MapFlags::SHARED, vcpu, 0) }?;
        // SAFETY: the offset is within the mapping.
        let byte = unsafe { page.byte_add(OFFSET) };
        Ok(Self(NonNull::new(byte.cast()).ok_or(Errno::NOMEM)?))
    }

    pub(super) fn set(&self, exit: bool) {
        self.byte().store(u8::from(exit), Ordering::Release);
    }

    pub(super) fn is_set(&self) -> bool {
        self.byte().load(Ordering::Acquire) != 0
    }

    fn byte(&self) -> &AtomicU8 {
        // SAFETY: mapped until `self` is dropped, and never touched by us but as an atomic: what
        // `kvm-ioctls` writes, it writes by another mapping, and not this byte.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for ImmediateExit {
    fn drop(&mut self) {
        let byte: *mut c_void = self.0.as_ptr().cast();
        // SAFETY: the mapping that `of` made, and nobody else has. If that were refused, the page
        // would stay mapped.
        let _ = unsafe { munmap(byte.byte_sub(OFFSET), LENGTH) };
    }
}

const OFFSET: usize = offset_of!(kvm_run, immediate_exit);
/// The first page.
const LENGTH: usize = 4096;
