//! The live table, as somebody at a terminal sees it.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::common::Stage;
use crate::machine::{self, Run};

/// Both ends of a terminal.
fn terminal() -> (OwnedFd, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
        .expect("there are terminals");
    grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("it is ours");
    let name = ptsname(&ours, Vec::new()).expect("it has a name");
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let theirs = open(name, flags, Mode::empty()).expect("it can be opened");
    let size = Winsize { ws_row: 40, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&theirs, size).expect("it takes a size");
    (ours, theirs)
}

#[test]
fn lines_of_commands_are_shown_above_a_table_that_goes_away() {
    let Some(_alone) = machine::groups("the live table") else { return };
    let stage = Stage::new();
    let text = "
        [[command]]
        name = 'says'
        run = ['sh', '-c', 'echo first; sleep 0.4; printf second; sleep 0.4; echo; printf last']
        [[command]]
        name = 'loop'
        run = ['sh', '-c', 'while :; do :; done']
    ";
    stage.write("spec.toml", text);
    let (ours, theirs) = terminal();
    let mut program = stage.program();
    program.args(["run", "spec.toml", "--for", "1500ms", "--json"]);
    program.env("TERM", "xterm").stderr(theirs);
    // Nobody else holds the other end then, so that it closes with the program.
    let run = Run::with_its_own_errors(program);
    let reader = thread::Builder::new().spawn(move || {
        let mut seen = Vec::new();
        // A terminal that is closed at the other end is an error, after everything was read.
        let _ = File::from(ours).read_to_end(&mut seen);
        String::from_utf8(seen).expect("it is UTF-8")
    });
    let out = run.finish().succeeded();
    let seen = reader.expect("a thread can be started").join().expect("it does not panic");
    assert!(out.starts_with("[{\"name\":\"says\""), "{out}");
    for line in ["first\r\n", "second\r\n", "last\r\n"] {
        assert!(seen.contains(line), "{line:?}: {seen:?}");
    }
    for part in ["decided", "50.00 %", "runs", "ended: 0", "after 1 s"] {
        assert!(seen.contains(part), "{part}: {seen:?}");
    }
    // It has been cleared: what is written last is no row.
    let last = seen.rsplit("\u{1b}[").next().expect("there is something");
    assert!(!last.contains('%'), "{last:?}");
}

#[test]
fn a_terminal_that_has_gone_ends_the_run() {
    let Some(_alone) = machine::groups("a terminal that has gone") else { return };
    let stage = Stage::new();
    let (ours, theirs) = terminal();
    let mut program = stage.program();
    program.args(["run", "--for", "60s"]).stderr(theirs);
    let run = Run::with_its_own_errors(program);
    run.until_running("sh", 3);
    drop(ours);
    run.signal(Signal::HUP);
    let done = run.finish();
    assert_eq!(done.status, Some(129));
    assert!(done.out.contains("ended with the run"), "{}", done.out);
}
