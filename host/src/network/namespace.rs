//! Network namespaces without a name, which live as long as somebody holds them.
#![expect(unsafe_code, reason = "a new namespace is a call of the system that rustix marks unsafe")]

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::thread::{UnshareFlags, unshare_unsafe};

use super::socket::Socket;
use crate::{Error, Unavailable};

/// A network namespace, held by two descriptors. It vanishes when they are closed and no process is
/// in it, with all interfaces that are in it and their other ends.
#[derive(Debug)]
pub(super) struct Namespace {
    /// What a process enters it by.
    pub(super) file: OwnedFd,
    /// What it is set up by.
    pub(super) socket: Socket,
}

impl Namespace {
    /// A new one, in which nothing but a loopback interface is, that is down.
    pub(super) fn create() -> Result<Self, Error> {
        // A thread of its own enters the namespace and ends: the calling thread never leaves its own.
        thread::scope(|scope| {
            let thread = thread::Builder::new()
                .name("namespace".to_owned())
                .spawn_scoped(scope, || {
                    // SAFETY: the flag separates the network alone; the table of descriptors,
                    // about which the function warns, stays shared.
                    unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.map_err(refusal)?;
                    Self::current()
                })
                .map_err(|error| failed("start a thread", "namespace", errno(&error)))?;
            thread.join().unwrap_or_else(|_| Err(failed("run a thread", "namespace", Errno::SRCH)))
        })
    }

    /// The one that the calling thread is in.
    pub(super) fn current() -> Result<Self, Error> {
        let file = open(CURRENT, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|errno| failed("open the namespace", CURRENT, errno))?;
        let socket = Socket::open().map_err(|errno| failed("open a socket", "netlink", errno))?;
        Ok(Self { file, socket })
    }
}

/// An error of the system.
pub(super) fn failed(doing: &'static str, object: &str, errno: Errno) -> Error {
    Error::System { doing, path: PathBuf::from(object), errno }
}

/// What is missing when a namespace is refused.
fn refusal(errno: Errno) -> Error {
    let (why, fix) = match errno {
        Errno::PERM => (
            "the kernel does not let this user make any (EPERM)".to_owned(),
            "run as root, or with the capabilities CAP_SYS_ADMIN and CAP_NET_ADMIN",
        ),
        Errno::NOSPC => (
            "there are as many as this user may have (ENOSPC)".to_owned(),
            "as root: `sysctl user.max_net_namespaces=1000`",
        ),
        Errno::INVAL => (
            "the kernel knows none (EINVAL)".to_owned(),
            "boot a kernel that was built with CONFIG_NET_NS=y",
        ),
        errno => return failed("make a network namespace", "unshare", errno),
    };
    Unavailable { what: "network namespaces".to_owned(), why, fix: fix.to_owned() }.into()
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::AGAIN)
}

const CURRENT: &str = "/proc/thread-self/ns/net";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_to_do() {
        for (errno, fix) in [
            (Errno::PERM, "CAP_NET_ADMIN"),
            (Errno::NOSPC, "user.max_net_namespaces"),
            (Errno::INVAL, "CONFIG_NET_NS"),
        ] {
            let Error::Unavailable(unavailable) = refusal(errno) else { panic!("{errno}") };
            assert!(unavailable.fix.contains(fix), "{unavailable}");
        }
        assert!(matches!(refusal(Errno::NOMEM), Error::System { errno: Errno::NOMEM, .. }));
    }
}
