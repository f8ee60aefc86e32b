//! What somebody tells the program while it runs.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

/// A signal that was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Told {
    /// To end, by the signal of this number.
    End(i32),
    /// To read the specification again.
    ReadAgain,
    /// That a command may have ended.
    Child,
}

/// The signals of this process, from its creation on.
#[derive(Debug)]
pub(super) struct Signals {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
    /// Whether standard error was a terminal.
    terminal: bool,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        let wanted = [SIGCHLD, SIGHUP, SIGINT, SIGTERM];
        let delivery = SignalDelivery::with_pipe(read, write, SignalOnly, wanted)?;
        Ok(Self { delivery, terminal: io::stderr().is_terminal() })
    }

    /// What was sent since the last call.
    pub(super) fn told(&mut self) -> Vec<Told> {
        // Of a terminal that has gone, nobody reads anything any more.
        let hung_up = self.terminal && !io::stderr().is_terminal();
        let told = |signal| match signal {
            SIGHUP if !hung_up => Told::ReadAgain,
            SIGCHLD => Told::Child,
            signal => Told::End(signal),
        };
        self.delivery.pending().map(told).collect()
    }
}

impl AsFd for Signals {
    /// Readable when something was sent.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.delivery.get_read().as_fd()
    }
}
