//! What a program does inside a guest.

use std::env;
use std::ffi::CStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::panic::{UnwindSafe, catch_unwind};
use std::process::{self, Command, Stdio};

use rustix::mount::{MountFlags, mount};
use rustix::process::{WaitOptions, wait};
use rustix::system::{RebootCommand, init_module, reboot};

/// To be called first in `main`. In the first process of a guest it does not return: it mounts the
/// file systems, loads the modules, starts this program again with the same arguments, buries
/// whatever process dies without a parent, and turns the guest off when the program ends. Anywhere
/// else it does nothing.
pub fn begin() {
    // No container runs a test as its first process with this variable set, which the machine puts
    // on the kernel's command line.
    if process::id() != 1 || env::var_os(GUEST).is_none() {
        return;
    }
    if let Err(why) = serve() {
        eprintln!("the first process failed: {why}");
    }
    if let Err(error) = reboot(RebootCommand::Restart) {
        eprintln!("the guest cannot be turned off: {error}");
    }
    // The first process must not end before the machine stops.
    loop {
        std::thread::park();
    }
}

/// Whether this is a process inside a guest. The kernel knows, whatever the environment is.
#[must_use]
pub fn is_inside() -> bool {
    let line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    line.split_whitespace().any(|word| word.strip_prefix(GUEST) == Some("=1"))
}

/// Makes a check, and says what became of it. A panic is a failure, too, and its message goes to the
/// console.
pub(super) fn check(name: &str, check: impl FnOnce() -> Result<(), String> + UnwindSafe) {
    let line = match catch_unwind(check) {
        Ok(Ok(())) => format!("{PASSED}{name}"),
        Ok(Err(why)) => format!("{FAILED}{name}: {}", why.replace(['\r', '\n'], "; ")),
        Err(_) => format!("{FAILED}{name}: it panicked"),
    };
    // The machine misses the line, and takes that for a failure.
    let _ = writeln!(io::stdout(), "{line}");
}

fn serve() -> Result<(), String> {
    for (kind, target, data) in MOUNTS {
        let failed = |error| format!("{target}: {error}");
        fs::create_dir_all(target).map_err(failed)?;
        mount(*kind, *target, *kind, MountFlags::empty(), *data).map_err(|e| failed(e.into()))?;
    }
    let mut modules = Vec::new();
    if let Ok(entries) = fs::read_dir(MODULES) {
        modules.extend(entries.flatten().map(|entry| entry.path()));
    }
    modules.sort();
    for path in modules {
        let failed = |error| format!("{}: {error}", path.display());
        let image = fs::read(&path).map_err(failed)?;
        init_module(&image, c"").map_err(|error| failed(error.into()))?;
    }
    let port = OpenOptions::new().write(true).open(PORT).map_err(|e| format!("{PORT}: {e}"))?;
    let said = port.try_clone().map_err(|error| format!("{PORT}: {error}"))?;
    let mut command = Command::new("/proc/self/exe");
    command.args(env::args_os().skip(1)).stdin(Stdio::null()).stdout(said);
    let child = command.spawn().map_err(|error| format!("the test cannot be started: {error}"))?;
    let status = bury_until(child.id()).map_err(|error| format!("cannot wait: {error}"))?;
    end(&port, status)
}

/// Waits for all processes that end, until that one does; its exit status, if it had one.
fn bury_until(id: u32) -> io::Result<Option<i32>> {
    loop {
        if let Some((ended, status)) = wait(WaitOptions::empty())?
            && ended.as_raw_nonzero().get().unsigned_abs() == id
        {
            return Ok(status.exit_status());
        }
    }
}

fn end(mut port: &File, status: Option<i32>) -> Result<(), String> {
    let status = status.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
    writeln!(port, "{DONE}{status}").map_err(|error| format!("{PORT}: {error}"))?;
    rustix::termios::tcdrain(port).map_err(|error| format!("{PORT}: {error}"))
}

/// On the kernel's command line, which passes it on to the first process.
pub(crate) const GUEST: &str = "APPORTION_GUEST";
pub(crate) const PASSED: &str = "guest: passed ";
pub(crate) const FAILED: &str = "guest: failed ";
/// With the exit status of the program.
pub(crate) const DONE: &str = "guest: done ";
/// Where modules lie, in the order of loading.
pub(crate) const MODULES: &str = "/modules";

/// The second serial port: what the kernel says on the first cannot break a line in two.
const PORT: &str = "/dev/ttyS1";

/// Kind, where, and with which options.
const MOUNTS: &[(&str, &str, Option<&CStr>)] = &[
    ("proc", "/proc", None),
    ("sysfs", "/sys", None),
    ("devtmpfs", "/dev", None),
    ("tmpfs", "/tmp", None),
    ("cgroup2", "/sys/fs/cgroup", None),
];
