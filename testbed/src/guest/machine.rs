//! The machine that a guest runs on.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::archive::Archive;
use super::inside::{DONE, FAILED, GUEST, MODULES, PASSED};
use super::kernel::Kernel;
use crate::apt::{self, output};

/// A kernel and an emulator that this machine has.
#[derive(Debug)]
pub(super) struct Guest {
    kernel: Kernel,
    cache: PathBuf,
}

impl Guest {
    /// Finds the emulator, or installs it as root, and the current kernel of the distribution,
    /// downloaded to the folder `cache` unless it is there.
    ///
    /// # Errors
    ///
    /// What this machine lacks, in words.
    pub(super) fn prepare(cache: &Path) -> Result<Self, String> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err("the guest is one for x86_64, booted on Linux".to_owned());
        }
        emulator()?;
        Ok(Self { kernel: Kernel::fetch(cache)?, cache: cache.to_owned() })
    }

    /// Boots a guest with two processors and 512 MiB, whose first process is this program with
    /// `arguments`, and waits until it turns itself off. It has the kernel's `modules`, loaded, and
    /// those `programs` of this machine, in `/bin` or at their absolute path; no shell unless it is one
    /// of them.
    ///
    /// # Errors
    ///
    /// If it does not end within the time, which ends it, or without a last word: with all that
    /// the kernel said.
    pub(super) fn boot(
        &self,
        arguments: &[&str],
        modules: &[&str],
        programs: &[&str],
        within: Duration,
    ) -> Result<Said, String> {
        let folder = Folder::create(&self.cache)?;
        let at = |name: &str| folder.0.join(name);
        let initial = at("initial");
        fs::write(&initial, self.initial(modules, programs)?)
            .map_err(|error| format!("{}: {error}", initial.display()))?;
        let (kernel_says, test_says) = (at("console"), at("verdicts"));

        // It is to die with us, whatever kills us.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", EMULATOR]).args(MACHINE);
        command.arg("-kernel").arg(&self.kernel.image).arg("-initrd").arg(&initial);
        // After two dashes, what follows are the arguments of the first process.
        command.arg("-append").arg(format!("{KERNEL} {GUEST}=1 -- {}", arguments.join(" ")));
        for path in [&kernel_says, &test_says] {
            command.arg("-serial").arg(format!("file:{}", path.display()));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| format!("`setpriv`: {error}"))?;
        let ended = Running(child).wait(within);
        let said = Said { lines: lines(&test_says), console: lines(&kernel_says) };
        let failed = |why: &str| {
            let (console, lines) = (said.console.join("\n"), said.lines.join("\n"));
            Err(format!("{why}\nthe guest's console:\n{console}\nthe test's lines:\n{lines}"))
        };
        match ended {
            Err(why) => failed(&why),
            Ok(()) if said.status().is_none() => failed("the guest ended without its last word"),
            Ok(()) => Ok(said),
        }
    }

    /// This program and the others with their libraries, and the modules.
    fn initial(&self, modules: &[&str], programs: &[&str]) -> Result<Vec<u8>, String> {
        let read =
            |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        let program = env::current_exe().map_err(|error| format!("this program: {error}"))?;
        let mut packed = vec![(PathBuf::from("/init"), program)];
        packed.extend(programs.iter().map(|name| {
            let path = Path::new("/bin").join(name);
            (path.clone(), path)
        }));
        let mut archive = Archive::default();
        let mut seen = BTreeSet::new();
        for (place, program) in packed {
            archive.file(&place, &read(&program)?);
            for library in libraries(&program)? {
                if seen.insert(library.clone()) {
                    archive.file(&library, &read(&library)?);
                }
            }
        }
        for (number, module) in self.kernel.modules(modules)?.iter().enumerate() {
            archive.file(&Path::new(MODULES).join(format!("{number:03}")), module);
        }
        // The kernel opens the console before anything is mounted.
        archive.folder(Path::new("/dev"));
        Ok(archive.finish())
    }
}

/// Finds QEMU for `x86_64`, or installs it as root.
///
/// # Errors
///
/// Why there is none, in words.
pub fn emulator() -> Result<(), String> {
    let find = || output(Command::new(EMULATOR).arg("--version")).map(drop);
    find().or_else(|missing| {
        apt::install(&["qemu-system-x86"]).map_err(|why| format!("{missing}, and {why}"))?;
        find()
    })
}

/// What a test said inside of its guest.
#[derive(Debug)]
pub(super) struct Said {
    lines: Vec<String>,
    console: Vec<String>,
}

impl Said {
    /// What it wrote to its standard output.
    #[must_use]
    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// What it wrote to its standard error, among what the kernel said.
    #[must_use]
    pub(super) fn console(&self) -> &[String] {
        &self.console
    }

    /// What became of a check.
    ///
    /// # Errors
    ///
    /// Why it failed, or that there was no verdict.
    pub(super) fn verdict(&self, name: &str) -> Result<(), String> {
        let failed = format!("{FAILED}{name}: ");
        for line in &self.lines {
            if line.strip_prefix(PASSED) == Some(name) {
                return Ok(());
            }
            if let Some(why) = line.strip_prefix(&failed) {
                return Err(why.to_owned());
            }
        }
        Err(format!("no verdict; the test ended with {}", self.status().unwrap_or("nothing")))
    }

    /// How the program inside ended.
    fn status(&self) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix(DONE))
    }
}

/// The libraries of a program, with their paths, and what loads them.
fn libraries(program: &Path) -> Result<Vec<PathBuf>, String> {
    let text = output(Command::new("ldd").arg(program))?;
    let words = text.split_whitespace();
    Ok(words.filter(|word| word.starts_with('/')).map(PathBuf::from).collect())
}

/// The lines in the first mebibyte of a file; none, if there is no file.
fn lines(path: &Path) -> Vec<String> {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(path) {
        let _ = file.take(1 << 20).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).lines().map(|line| line.trim_end().to_owned()).collect()
}

/// A machine that runs, and stops when this is dropped.
struct Running(Child);

impl Running {
    #[expect(clippy::disallowed_methods, reason = "a guest that hangs has to be given up")]
    fn wait(mut self, within: Duration) -> Result<(), String> {
        let start = Instant::now();
        while start.elapsed() < within {
            match self.0.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(20)),
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => {
                    let mut said = String::new();
                    if let Some(stream) = self.0.stderr.take() {
                        let _ = stream.take(1 << 16).read_to_string(&mut said);
                    }
                    return Err(format!("the machine ended with {status}: {}", said.trim()));
                }
                Err(error) => return Err(format!("cannot wait for the machine: {error}")),
            }
        }
        Err(format!("the guest did not end within {:.1} s", within.as_secs_f64()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Of one that has ended already there is nothing to stop.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder that goes away again.
struct Folder(PathBuf);

impl Folder {
    fn create(cache: &Path) -> Result<Self, String> {
        let path = cache.join(format!("run-{}", std::process::id()));
        // One of the same number may have been killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const EMULATOR: &str = "qemu-system-x86_64";

/// Emulated, as a nested hypervisor may be slower still; a restart ends it.
const MACHINE: [&str; 12] = [
    "-accel",
    "tcg,thread=multi",
    "-cpu",
    "max",
    "-smp",
    "2",
    "-m",
    "512",
    "-nodefaults",
    "-display",
    "none",
    "-no-reboot",
];

/// A panic restarts, which ends the machine. There is nothing to mitigate.
const KERNEL: &str = "console=ttyS0 quiet panic=-1 mitigations=off";

#[cfg(test)]
mod tests {
    use super::*;

    fn running(script: &str) -> Running {
        Running(Command::new("sh").args(["-c", script]).stderr(Stdio::piped()).spawn().unwrap())
    }

    #[test]
    fn a_machine_that_hangs_is_stopped() {
        let machine = running("exec sleep 60");
        let id = machine.0.id();
        let why = machine.wait(Duration::from_millis(50)).unwrap_err();
        assert_eq!(why, "the guest did not end within 0.1 s");
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }

    #[test]
    fn a_machine_that_fails_says_why() {
        assert_eq!(running("true").wait(Duration::from_mins(1)), Ok(()));
        let why = running("echo no disk >&2; exit 1").wait(Duration::from_mins(1)).unwrap_err();
        assert_eq!(why, "the machine ended with exit status: 1: no disk");
    }

    #[test]
    fn a_check_without_a_verdict_has_failed() {
        let lines = ["guest: passed a", "guest: failed b: no group", "guest: done 101"];
        let said = Said { lines: lines.map(str::to_owned).to_vec(), console: Vec::new() };
        assert_eq!(said.verdict("a"), Ok(()));
        assert_eq!(said.verdict("b"), Err("no group".to_owned()));
        let why = "no verdict; the test ended with 101";
        assert_eq!(said.verdict("c"), Err(why.to_owned()));
    }
}
