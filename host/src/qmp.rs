//! The QEMU Machine Protocol: what QEMU is asked, and what it answers.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout, socket_peercred};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with};
use rustix::process::Pid;
use serde_json::{Value, json};

use crate::Error;

/// A connection to a QEMU, by a socket of its machine protocol.
///
/// *Source*: QEMU, `docs/interop/qmp-spec.rst`. Whatever an answer holds beside what is asked for is
/// passed over, so that versions may differ; events are passed over, too. A socket serves one client
/// at a time: another one waits.
#[derive(Debug)]
pub struct Qmp {
    socket: UnixStream,
    path: PathBuf,
    /// What was read and belongs to the next message.
    unread: Vec<u8>,
    patience: Duration,
}

/// Why QEMU did not answer, or not as it should.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QmpError {
    /// Nobody answered in time. Another client may have the socket.
    #[error("{}: no answer within {waited:?}; it serves one client at a time", path.display())]
    Silent {
        /// The socket.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The other side has closed the connection.
    #[error("{}: the connection was closed", .0.display())]
    Closed(PathBuf),
    /// What came is not of the protocol.
    #[error("{}: expected {expected}, found `{found}`", path.display())]
    Unexpected {
        /// The socket.
        path: PathBuf,
        /// What should have come.
        expected: &'static str,
        /// The beginning of what came.
        found: String,
    },
    /// QEMU refused.
    #[error("{}: `{command}` was refused: {reason}", path.display())]
    Refused {
        /// The socket.
        path: PathBuf,
        /// What it was asked for.
        command: String,
        /// What it says.
        reason: String,
    },
}

/// Connects. Where others wait in front, for so long at most.
fn connect(path: &Path, patience: Duration) -> Result<UnixStream, Error> {
    let refused = |errno| Error::System { doing: "connect to", path: path.to_owned(), errno };
    let kind = (AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC);
    let socket = socket_with(kind.0, kind.1, kind.2, None).map_err(refused)?;
    set_socket_timeout(&socket, Timeout::Send, Some(patience.max(SHORTEST))).map_err(refused)?;
    let address = SocketAddrUnix::new(path).map_err(refused)?;
    match rustix::net::connect(&socket, &address) {
        Ok(()) => Ok(socket.into()),
        Err(Errno::AGAIN) => {
            Err(QmpError::Silent { path: path.to_owned(), waited: patience }.into())
        }
        Err(errno) => Err(refused(errno)),
    }
}

impl Qmp {
    /// Connects, and says that no capability is needed. Each answer is waited for so long at most.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no such socket or it may not be opened; [`QmpError`].
    pub fn connect(path: &Path, patience: Duration) -> Result<Self, Error> {
        let socket = connect(path, patience)?;
        let mut qmp = Self { socket, path: path.to_owned(), unread: Vec::new(), patience };
        let deadline = qmp.deadline();
        let greeting = qmp.receive(deadline)?;
        if greeting.get("QMP").is_none() {
            return Err(qmp.unexpected("the greeting of QEMU", &greeting.to_string()).into());
        }
        qmp.execute("qmp_capabilities", None)?;
        Ok(qmp)
    }

    /// Asks for one thing, and returns what the answer holds.
    ///
    /// # Errors
    ///
    /// [`QmpError`], or what the system says.
    pub fn execute(&mut self, command: &str, arguments: Option<Value>) -> Result<Value, Error> {
        let mut request = json!({ "execute": command });
        if let (Some(arguments), Some(fields)) = (arguments, request.as_object_mut()) {
            fields.insert("arguments".to_owned(), arguments);
        }
        let deadline = self.deadline();
        self.send(&(request.to_string() + "\n"))?;
        loop {
            let mut answer = self.receive(deadline)?;
            if let Some(value) = answer.get_mut("return") {
                return Ok(value.take());
            }
            if let Some(error) = answer.get("error") {
                let (path, command) = (self.path.clone(), command.to_owned());
                let reason = error.get("desc").and_then(Value::as_str);
                let reason = reason.map_or_else(|| beginning(&error.to_string()), beginning);
                return Err(QmpError::Refused { path, command, reason }.into());
            }
            if answer.get("event").is_none() {
                return Err(self.unexpected("an answer or an event", &answer.to_string()).into());
            }
        }
    }

    /// Who holds the other end, as we count processes.
    pub(crate) fn peer(&self) -> Option<Pid> {
        socket_peercred(&self.socket).ok().map(|peer| peer.pid)
    }

    /// The socket.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn unexpected(&self, expected: &'static str, found: &str) -> QmpError {
        QmpError::Unexpected { path: self.path.clone(), expected, found: beginning(found) }
    }

    #[expect(clippy::disallowed_methods, reason = "a socket is waited for in real time")]
    fn deadline(&self) -> Option<Instant> {
        Instant::now().checked_add(self.patience)
    }

    fn send(&mut self, text: &str) -> Result<(), Error> {
        let timeout = Some(self.patience.max(SHORTEST));
        let sent = self.socket.set_write_timeout(timeout);
        sent.and_then(|()| self.socket.write_all(text.as_bytes()))
            .map_err(|error| self.lost(&error))
    }

    /// The next message, whatever it is.
    fn receive(&mut self, deadline: Option<Instant>) -> Result<Value, Error> {
        let mut searched = 0;
        loop {
            let end = self.unread[searched..].iter().position(|&byte| byte == b'\n');
            if let Some(end) = end {
                let line: Vec<u8> = self.unread.drain(..=searched + end).collect();
                searched = 0;
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                return serde_json::from_slice(&line).map_err(|_| {
                    self.unexpected("a line of JSON", &String::from_utf8_lossy(&line)).into()
                });
            }
            searched = self.unread.len();
            if searched > LONGEST {
                let line = String::from_utf8_lossy(&self.unread).into_owned();
                return Err(self.unexpected("a line of less than 1 MiB", &line).into());
            }
            self.read_more(deadline)?;
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a socket is waited for in real time")]
    fn read_more(&mut self, deadline: Option<Instant>) -> Result<(), Error> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(self.silent().into());
        }
        let mut chunk = [0; 4096];
        let timeout = left.map(|left| left.max(SHORTEST));
        let read =
            self.socket.set_read_timeout(timeout).and_then(|()| self.socket.read(&mut chunk));
        match read {
            Ok(0) => Err(QmpError::Closed(self.path.clone()).into()),
            Ok(length) => {
                self.unread.extend_from_slice(&chunk[..length]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(self.lost(&error)),
        }
    }

    fn lost(&self, error: &io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.silent().into(),
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
                QmpError::Closed(self.path.clone()).into()
            }
            _ => failed("talk to", &self.path, error),
        }
    }

    fn silent(&self) -> QmpError {
        QmpError::Silent { path: self.path.clone(), waited: self.patience }
    }
}

fn failed(doing: &'static str, path: &Path, error: &io::Error) -> Error {
    // A path that is too long for a socket has no number of its own.
    let errno = Errno::from_io_error(error).unwrap_or(Errno::INVAL);
    Error::System { doing, path: path.to_owned(), errno }
}

/// On one line, and not too long.
fn beginning(text: &str) -> String {
    let mut short = String::new();
    for character in text.chars().take(SHOWN) {
        // Writing to a string cannot fail.
        let _ = match character {
            c if c.is_control() => short.write_char(' '),
            c => short.write_char(c),
        };
    }
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}

const LONGEST: usize = 1 << 20;
const SHOWN: usize = 80;
/// The system takes no timeout of zero.
const SHORTEST: Duration = Duration::from_millis(1);
