//! What real runs need: control groups, and one run at a time, as shares are measured.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{Done, Stage};

/// Keeps real runs apart.
static ONE: Mutex<()> = Mutex::new(());

/// The right to a real run with control groups of version 1; or nothing, after the line `not run`.
pub(crate) fn groups(who: &str) -> Option<MutexGuard<'static, ()>> {
    let why = if !rustix::process::geteuid().is_root() {
        "this is not root"
    } else if !Path::new("/sys/fs/cgroup/cpu/cpu.shares").exists() {
        "there is no /sys/fs/cgroup/cpu/cpu.shares"
    } else if File::options().append(true).open("/sys/fs/cgroup/cpu/cgroup.procs").is_err() {
        "/sys/fs/cgroup/cpu is read-only"
    } else {
        return Some(alone());
    };
    apportion_testbed::not_run("cgroup-v1", who, why);
    None
}

/// The right to a run that needs no groups.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The program, about to run commands. All processes that come of it carry a mark in their
/// environment, by which they are found, and ended if a test fails.
pub(crate) struct Run {
    child: Child,
    mark: String,
}

impl Run {
    pub(crate) fn new(stage: &Stage, arguments: &str) -> Self {
        let mut program = stage.program();
        program.args(arguments.split_whitespace());
        Self::of(program)
    }

    pub(crate) fn of(mut program: Command) -> Self {
        program.stderr(Stdio::piped());
        Self::with_its_own_errors(program)
    }

    /// With its standard error where the caller has it.
    pub(crate) fn with_its_own_errors(mut program: Command) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let value = format!("{}-{number}", std::process::id());
        program.env(MARK, &value).stdout(Stdio::piped());
        let child = program.spawn().expect("the program can be started");
        Self { child, mark: format!("{MARK}={value}") }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it has not been waited for");
    }

    /// All processes of the run, by id, itself included.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let marked = |id: &u32| {
            let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            environment.split(|&byte| byte == 0).any(|variable| variable == self.mark.as_bytes())
        };
        ids().filter(marked).collect()
    }

    /// Waits until so many processes run this program.
    #[track_caller]
    pub(crate) fn until_running(&self, program: &str, count: usize) {
        until(&format!("{count} of {program}"), || self.running(program) == count);
    }

    pub(crate) fn running(&self, program: &str) -> usize {
        let name = |id: &u32| fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
        self.processes().iter().filter(|id| name(id).trim_end() == program).count()
    }

    /// Folders of control groups that the run has created.
    pub(crate) fn folders(&self) -> Vec<String> {
        let prefix = format!("apportion-{}-", self.child.id());
        let inside = |path: &Path| {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).collect::<Vec<_>>()
        };
        // There in version 2, and one lower, in the hierarchy of a controller, in version 1.
        let mut paths = inside(Path::new("/sys/fs/cgroup"));
        paths.extend(paths.clone().iter().flat_map(|path| inside(path)));
        let is_of_run = |path: &&PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix))
        };
        paths.iter().filter(is_of_run).map(|path| path.display().to_string()).collect()
    }

    /// Waits until the program ends. Nothing of it may be left.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Done {
        let mut streams = [String::new(), String::new()];
        let [out, err] = &mut streams;
        // Neither fills its pipe in these tests.
        self.child.stdout.take().expect("it is piped").read_to_string(out).expect("it is UTF-8");
        if let Some(mut stream) = self.child.stderr.take() {
            stream.read_to_string(err).expect("it is UTF-8");
        }
        let status = self.child.wait().expect("it ends");
        assert_eq!((self.folders(), self.processes()), (Vec::new(), Vec::new()), "{streams:?}");
        let [out, err] = streams;
        Done { status: status.code(), out, err }
    }

    /// Kills the program and its keeper, so that nobody clears up.
    #[track_caller]
    pub(crate) fn kill_keeper_and_program(&self) {
        let is_keeper = |id: &&u32| {
            let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            line.split(|&byte| byte == 0).any(|argument| argument == b"run-keeper")
        };
        let processes = self.processes();
        let keeper = processes.iter().find(is_keeper).expect("there is a keeper");
        for id in [*keeper, self.child.id()] {
            kill(id);
            // Who is about to die is still there for those who look.
            until("it is still there", || !is_there(id));
        }
    }

    /// Kills the program itself, and waits until all that came of it has gone.
    #[track_caller]
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it has not been waited for");
        self.child.wait().expect("it ends");
        until("processes are left", || self.processes().is_empty());
        until("groups are left", || self.folders().is_empty());
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.processes().into_iter().for_each(kill);
    }
}

fn kill(id: u32) {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw);
    // It may have ended by itself.
    let _ = id.map(|id| kill_process(id, Signal::KILL));
}

/// Whether a process is more than an entry that nobody has waited for yet.
fn is_there(id: u32) -> bool {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    text.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn ids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| OsStr::to_str(&entry.file_name())?.parse().ok())
}

/// Waits until something is so, for at most ten seconds.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("{what}");
}

const MARK: &str = "APPORTION_RUN_OF_A_TEST";
