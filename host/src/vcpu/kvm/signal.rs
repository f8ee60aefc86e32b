//! The signal that gets a thread out of the guest.

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;
use std::thread::JoinHandle;

use rustix::io::Errno;
use vmm_sys_util::signal::{Killable, SIGRTMIN, register_signal_handler};

/// Makes the signal harmless: it interrupts, and does nothing else. Once for the process, which
/// must not use this signal, the first of the real-time ones, for anything else.
pub(super) fn prepare() -> Result<(), Errno> {
    static PREPARED: OnceLock<Result<(), Errno>> = OnceLock::new();
    *PREPARED.get_or_init(|| {
        register_signal_handler(SIGRTMIN(), do_nothing)
            .map_err(|error| Errno::from_raw_os_error(error.errno()))
    })
}

/// Interrupts a thread.
pub(super) fn send(thread: &JoinHandle<()>) {
    // Refused only for a thread that has ended, which is out of the guest, too.
    let _ = thread.kill(SIGRTMIN());
}

extern "C" fn do_nothing(_: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {}
