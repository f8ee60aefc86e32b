//! A conversation with the kernel about the network of one namespace.

use std::cell::Cell;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with,
};

use super::message::{Message, Reply, replies, u32_at};

/// A socket of rtnetlink. It speaks of the namespace in which it was opened, whichever thread uses
/// it, and keeps that namespace alive.
#[derive(Debug)]
pub(super) struct Socket {
    file: OwnedFd,
    sequence: Cell<u32>,
}

impl Socket {
    /// Opens one in the namespace of the calling thread.
    pub(super) fn open() -> Result<Self, Errno> {
        let file = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            NETLINK_ROUTE,
        )?;
        set_socket_timeout(&file, Timeout::Recv, Some(PATIENCE))?;
        Ok(Self { file, sequence: Cell::new(0) })
    }

    /// Sends a request and waits for its acknowledgement.
    pub(super) fn execute(&self, message: Message) -> Result<(), Errno> {
        let sequence = self.send(message, ACKNOWLEDGE)?;
        self.receive(sequence, |_| ())
    }

    /// Sends a request for a list, and passes each message of the list to `take`. A list during
    /// which something changed is asked for again; `take` may then see a message twice.
    pub(super) fn list(
        &self,
        message: impl Fn() -> Message,
        mut take: impl FnMut(&Reply<'_>),
    ) -> Result<(), Errno> {
        for _ in 0..TRIES {
            let sequence = self.send(message(), DUMP)?;
            let mut interrupted = false;
            self.receive(sequence, |reply| {
                interrupted |= reply.flags & INTERRUPTED != 0;
                take(reply);
            })?;
            if !interrupted {
                return Ok(());
            }
        }
        Err(Errno::INTR)
    }

    /// Sends a request for one thing, and reads the answer.
    pub(super) fn ask<T>(
        &self,
        message: Message,
        read: impl Fn(&Reply<'_>) -> Option<T>,
    ) -> Result<T, Errno> {
        let sequence = self.send(message, ACKNOWLEDGE)?;
        let mut answer = None;
        self.receive(sequence, |reply| answer = answer.take().or_else(|| read(reply)))?;
        answer.ok_or(Errno::BADMSG)
    }

    fn send(&self, message: Message, flags: u16) -> Result<u32, Errno> {
        let sequence = self.sequence.get().wrapping_add(1);
        self.sequence.set(sequence);
        let bytes = message.finish(sequence, flags);
        let sent = send(&self.file, &bytes, SendFlags::empty())?;
        if sent == bytes.len() { Ok(sequence) } else { Err(Errno::MSGSIZE) }
    }

    /// Passes on what comes for the request, until its acknowledgement or the end of its list. What
    /// is left of earlier requests, whose answers came too late, is passed over.
    fn receive(&self, sequence: u32, mut take: impl FnMut(&Reply<'_>)) -> Result<(), Errno> {
        let mut buffer = vec![0; BUFFER];
        loop {
            let (_, length) = match recv(&self.file, buffer.as_mut_slice(), RecvFlags::TRUNC) {
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return Err(Errno::TIMEDOUT),
                other => other?,
            };
            let received = buffer.get(..length).ok_or(Errno::MSGSIZE)?;
            for reply in replies(received).filter(|reply| reply.sequence == sequence) {
                match reply.kind {
                    ERROR | DONE => return outcome(&reply),
                    _ => take(&reply),
                }
            }
        }
    }
}

/// An acknowledgement begins with an error as a negative number, or with 0.
fn outcome(reply: &Reply<'_>) -> Result<(), Errno> {
    match u32_at(reply.body, 0).map(u32::cast_signed) {
        Some(0) => Ok(()),
        None if reply.kind == DONE => Ok(()),
        Some(code) => Err(Errno::from_raw_os_error(code.saturating_neg())),
        None => Err(Errno::BADMSG),
    }
}

/// The default protocol of netlink, 0.
const NETLINK_ROUTE: Option<Protocol> = None;
/// `NLM_F_ACK`, `NLM_F_DUMP`, `NLM_F_DUMP_INTR`; `NLMSG_ERROR`, `NLMSG_DONE`.
const ACKNOWLEDGE: u16 = 0x4;
const DUMP: u16 = 0x300;
const INTERRUPTED: u16 = 0x10;
const ERROR: u16 = 2;
const DONE: u16 = 3;

/// The kernel puts no more than 32 KiB into one piece of a list.
const BUFFER: usize = 64 * 1024;
const TRIES: usize = 5;
const PATIENCE: Duration = Duration::from_secs(10);
