//! Programs that chores call: their output passes through as it comes.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR");
    let here = here.as_deref().unwrap_or(OsStr::new(env!("CARGO_MANIFEST_DIR")));
    Path::new(here).parent().map(Path::to_owned).unwrap_or_default()
}

/// A call of the cargo that called this program, in a folder of the workspace.
pub(crate) fn cargo(folder: &str, arguments: &[&str]) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root().join(folder));
    command
}

/// Runs a program to its end.
pub(crate) fn run(mut command: Command) -> Result<(), String> {
    let status = command.status();
    let shown = || {
        let program = Path::new(command.get_program()).file_stem().unwrap_or_default();
        let mut words = vec![program.to_string_lossy()];
        words.extend(command.get_args().map(OsStr::to_string_lossy));
        words.join(" ")
    };
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}`: {status}", shown())),
        Err(error) => Err(format!("`{}` cannot be started: {error}", shown())),
    }
}
