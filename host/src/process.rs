//! Processes that begin their life where they belong, and end with us.
#![expect(unsafe_code, reason = "code of ours runs between fork and exec")]

use std::io::{self, PipeReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, getpid, getppid, set_parent_process_death_signal};

use crate::entrance::Step;
use crate::{Entrance, Error, files};

/// Starts a command that enters by `entrance` before its program begins. It is killed when the
/// **thread** that called this ends, even by SIGKILL: call it from a thread that lives as long as
/// the command may (`PR_SET_PDEATHSIG`, `prctl(2)`). A program that gains rights when it is started
/// escapes from that, as does what the command starts in turn; groups are killed with all in them.
///
/// # Errors
///
/// [`Error::NotStarted`] with the program, if it cannot be executed; [`Error::System`], if it could
/// not enter. Then nothing of it runs.
pub fn spawn(mut command: Command, entrance: Entrance) -> Result<Child, Error> {
    let program = command.get_program().to_owned();
    let not_started = |errno| Error::NotStarted { program: program.clone().into(), errno };
    let (reader, writer) = io::pipe().map_err(|error| not_started(errno(&error)))?;
    let names: Vec<_> = entrance
        .steps
        .iter()
        .map(|step| {
            let (doing, path) = step.describe();
            (doing, path.to_owned())
        })
        .collect();
    let (steps, parent, failed) = (entrance.steps, getpid(), OwnedFd::from(writer));
    // SAFETY: `enter` makes system calls only, which allocate nothing and take no lock, on values
    // that the closure owns.
    unsafe {
        command.pre_exec(move || enter(&steps, parent, &failed).map_err(io::Error::from));
    }
    let result = command.spawn();
    // The last write end of the pipe, but for those of a child that has failed.
    drop(command);
    result.map_err(|error| match failed_step(reader).and_then(|step| names.get(step)) {
        Some((doing, path)) => files::system(doing, path, errno(&error)),
        None => not_started(errno(&error)),
    })
}

/// Runs in the child. If a step fails, the pipe is told its number.
fn enter(steps: &[Step], parent: Pid, failed: &OwnedFd) -> Result<(), Errno> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() != Some(parent) {
        // Too late: the parent died before, and no signal will come.
        return Err(Errno::SRCH);
    }
    for (number, step) in (0_u8..).zip(steps) {
        if let Err(errno) = step.run() {
            rustix::io::write(failed, &[number])?;
            return Err(errno);
        }
    }
    Ok(())
}

fn failed_step(mut reader: PipeReader) -> Option<usize> {
    let mut number = [0];
    reader.read_exact(&mut number).is_ok().then(|| usize::from(number[0]))
}

fn errno(error: &io::Error) -> Errno {
    match error.kind() {
        // A name or an argument with a zero byte in it.
        io::ErrorKind::InvalidInput => Errno::INVAL,
        _ => Errno::from_io_error(error).unwrap_or(Errno::IO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::path::Path;
    use std::process::Stdio;

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = spawn(Command::new("/no/such/program"), Entrance::default()).unwrap_err();
        let program = Path::new("/no/such/program").into();
        assert_eq!(error, Error::NotStarted { program, errno: Errno::NOENT });
        let error = spawn(Command::new("a\0b"), Entrance::default()).unwrap_err();
        assert!(matches!(error, Error::NotStarted { errno: Errno::INVAL, .. }), "{error}");
    }

    #[test]
    fn a_step_that_fails_is_named_and_nothing_runs() {
        let full = OwnedFd::from(File::options().write(true).open("/dev/full").unwrap());
        let steps = vec![Step::Nice(19), Step::Join(full, "/dev/full".into())];
        let error = spawn(Command::new("/bin/true"), Entrance { steps }).unwrap_err();
        assert_eq!(error, files::system("enter by", Path::new("/dev/full"), Errno::NOSPC));
    }

    #[test]
    fn steps_are_taken_before_the_program_begins() {
        let mut command = Command::new("/bin/cat");
        command.arg("/proc/self/stat").stdout(Stdio::piped());
        let child = spawn(command, Entrance { steps: vec![Step::Nice(7)] }).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, rest) = text.rsplit_once(')').unwrap();
        assert_eq!(rest.split_ascii_whitespace().nth(16), Some("7"));
    }
}
