//! That a command is in its group before it begins.

use std::fs;
use std::process::Stdio;

use apportion_host::{GroupControl, spawn};

use super::busy::again;
use super::{new, text};

/// What a process reads first of all is that it is in its group.
pub(crate) fn inside_from_the_first_instruction(
    control: &mut dyn GroupControl,
) -> Result<(), String> {
    new(control, "outer")?;
    let group = new(control, "outer/inner")?;
    for _ in 0..20 {
        let mut command = again("tell");
        command.stdout(Stdio::piped());
        let entrance = control.entrance(&group).map_err(text)?;
        let child = spawn(command, entrance).map_err(text)?;
        let output = child.wait_with_output().map_err(text)?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let inside = |line: &&str| line.contains("/apportion-") && line.ends_with("/outer/inner");
        let joined = told.lines().filter(inside).count();
        if joined == 0 || joined != told.lines().filter(|line| line.contains("apportion-")).count()
        {
            return Err(format!("a new process is not in its group: {told}"));
        }
    }
    println!("measured: 20 of 20 processes began inside of their group");
    Ok(())
}

/// What the process that was started does.
pub(crate) fn tell_where_we_are() {
    print!("{}", fs::read_to_string("/proc/self/cgroup").unwrap_or_default());
}
