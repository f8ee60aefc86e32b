//! Packages of the system, where it has `apt-get`.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Installs packages, if we are root and there is `apt-get`.
///
/// # Errors
///
/// Why they cannot be installed, in words.
pub fn install(packages: &[&str]) -> Result<(), String> {
    if !is_root() {
        return Err(format!("only root can install {}", packages.join(" ")));
    }
    let install = || apt_get(&[&["install", "--no-install-recommends"], packages].concat(), ".");
    install().or_else(|_| update().and_then(|()| install()))
}

/// What a package depends on in the first place: for a metapackage, the package that is current.
///
/// # Errors
///
/// If no such package is known, in words.
pub fn dependency(package: &str) -> Result<String, String> {
    let ask = || {
        let text = output(Command::new("apt-cache").args(["depends", package]))?;
        let found = text.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
        found.map(str::to_owned).ok_or_else(|| format!("no package `{package}` is known"))
    };
    ask().or_else(|_| update().and_then(|()| ask()))
}

/// Downloads a package into a folder, and unpacks it there; nothing is installed.
///
/// # Errors
///
/// Why that is not possible, in words.
pub fn unpack(package: &str, folder: impl AsRef<Path>) -> Result<(), String> {
    let folder = folder.as_ref();
    let download = || apt_get(&["download", package], folder);
    download().or_else(|_| update().and_then(|()| download()))?;
    let failed = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|ending| ending == "deb") {
            output(Command::new("dpkg-deb").arg("-x").arg(&path).arg(folder))?;
            fs::remove_file(&path).map_err(failed)?;
        }
    }
    Ok(())
}

fn update() -> Result<(), String> {
    apt_get(&["update"], ".")
}

fn apt_get(arguments: &[&str], folder: impl AsRef<Path>) -> Result<(), String> {
    let mut command = Command::new("apt-get");
    // Others may be installing something. As root, a download would be left to a user who cannot
    // write to the folder.
    command.args(["--yes", "--quiet", "--option", "DPkg::Lock::Timeout=120"]);
    command.args(["--option", "APT::Sandbox::User=root"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive").current_dir(folder);
    output(&mut command).map(drop)
}

/// What a program writes, if it succeeds; the end of what it complains about, if it fails.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output =
        command.output().map_err(|error| format!("`{program}` cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no message");
    Err(format!("`{program}`: {}: {last}", output.status))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
