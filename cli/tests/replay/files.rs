//! The files that a replay writes: whole or not at all.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;

use crate::stage::{Stage, done, small};

const EASY: &str = "job_id,start\n1,0\n2,10\n3,2\n4,20\n";

fn mode(stage: &Stage, name: &str) -> u32 {
    let metadata = fs::symlink_metadata(stage.path(name)).expect("the file is there");
    metadata.permissions().mode() & 0o777
}

#[test]
fn new_files_have_the_permissions_of_new_files() {
    for (mask, expected) in [("022", 0o644), ("027", 0o640), ("077", 0o600), ("000", 0o666)] {
        let stage = Stage::with(small());
        let mut shell = stage.command("sh");
        shell.args(["-c", "umask $0 && exec \"$@\"", mask, env!("CARGO_BIN_EXE_apportion")]);
        shell
            .args(["replay", "t.swf", "--policy", "easy", "--starts", "a.csv", "--gantt", "b.svg"]);
        done(shell.output().expect("there is a shell")).succeeded();
        assert_eq!((mode(&stage, "a.csv"), mode(&stage, "b.svg")), (expected, expected), "{mask}");
        assert_eq!(stage.names(), ["a.csv", "b.svg", "t.swf"]);
        assert_eq!(stage.read("a.csv"), EASY);
    }
}

#[test]
fn files_that_exist_are_replaced_and_keep_their_permissions() {
    let stage = Stage::with(small());
    stage.write("a.csv", "much longer than what will take its place ".repeat(9));
    fs::set_permissions(stage.path("a.csv"), Permissions::from_mode(0o606)).expect("it is ours");
    stage.replay("t.swf --policy easy --starts a.csv").succeeded();
    assert_eq!((stage.read("a.csv").as_str(), mode(&stage, "a.csv")), (EASY, 0o606));
}

#[test]
fn links_are_followed_and_stay() {
    let stage = Stage::with(small());
    fs::create_dir(stage.path("far")).expect("a folder can be made");
    stage.write("far/old.csv", "old");
    for (link, goal) in [("old", "far/old.csv"), ("dangling", "far/new.csv"), ("twice", "old")] {
        symlink(goal, stage.path(link)).expect("a link can be made");
        stage.replay(&format!("t.swf --policy easy --starts {link}")).succeeded();
        assert_eq!(
            fs::read_link(stage.path(link)).expect("it is still a link").to_str(),
            Some(goal)
        );
        assert_eq!(stage.read(goal), EASY);
        stage.write("far/old.csv", "old");
    }
    symlink("round", stage.path("round")).expect("a link can be made");
    let done = stage.replay("t.swf --policy easy --starts round");
    assert!(done.err.starts_with("apportion: round: cannot be written: "), "{}", done.err);
    assert_eq!(done.err.lines().count(), 1);
}

#[test]
fn targets_that_cannot_be_written() {
    let stage = Stage::with(small());
    stage.write("file", "");
    let all = ["file", "t.swf"];
    for (path, reason) in [
        ("missing/x.svg", "No such file or directory"),
        ("file/x.svg", "Not a directory"),
        (".", "Is a directory"),
        ("..", "Is a directory"),
        #[cfg(target_os = "linux")]
        ("/proc/x.svg", "No such file or directory"),
        #[cfg(target_os = "linux")]
        ("/dev/full", "No space left on device"),
    ] {
        // Neither does the file appear that could have been written.
        for (bad, good) in [("--gantt", "--starts"), ("--starts", "--gantt")] {
            stage
                .replay(&format!("t.swf --policy easy {good} good {bad} {path}"))
                .refused(&format!("{path}: cannot be written: {reason}"));
            assert_eq!(stage.names(), all);
        }
    }
}

#[test]
fn files_that_would_overwrite_each_other_or_the_trace() {
    let stage = Stage::with(small());
    symlink("x", stage.path("link")).expect("a link can be made");
    for other in ["x", "./x", "link"] {
        stage
            .replay(&format!("t.swf --policy easy --starts x --gantt {other}"))
            .refused("--starts and --gantt: expected two files, found one");
    }
    stage.replay("t.swf --gantt ./t.swf").refused("expected another file to write than the trace");
    assert_eq!(stage.read("t.swf"), small());
    assert_eq!(stage.names(), ["link", "t.swf"]);
}

#[test]
fn pipes_and_devices_are_written_in_place() {
    let stage = Stage::with(small());
    let replay = "t.swf --policy easy --starts /dev/stdout";
    let text = stage.replay(replay).succeeded();
    assert!(text.starts_with(&format!("{EASY}t.swf: 4 jobs")), "{text}");

    let mut shell = stage.command("sh");
    shell.args(["-c", "exec \"$0\" replay \"$@\" > all.txt", env!("CARGO_BIN_EXE_apportion")]);
    shell.args(replay.split(' '));
    done(shell.output().expect("there is a shell")).succeeded();
    let text = stage.read("all.txt");
    assert!(text.starts_with(&format!("{EASY}t.swf: 4 jobs")), "{text}");

    stage
        .replay(&format!("{replay} --json"))
        .refused("--json and --starts: expected one of them on standard output, found both");
    stage
        .replay(&format!("{replay} --gantt /dev/stdout"))
        .refused("--starts and --gantt: expected two files, found one");

    stage.replay("t.swf --policy easy --starts /dev/null").succeeded();
    assert!(fs::metadata("/dev/null").is_ok_and(|metadata| !metadata.is_file()));

    let made = stage.command("mkfifo").arg("pipe").status().expect("there is mkfifo");
    assert!(made.success());
    let mut reader = stage.command("cat");
    let reader = reader.arg("pipe").stdout(Stdio::piped()).spawn().expect("there is cat");
    stage.replay("t.swf --policy easy --starts pipe").succeeded();
    assert_eq!(done(reader.wait_with_output().expect("cat ends")).succeeded(), EASY);
    assert_eq!(stage.names(), ["all.txt", "pipe", "t.swf"]);
}

#[test]
fn a_full_disk_under_standard_output_is_an_error() {
    Stage::with(small()).disk_is_full(&["replay", "t.swf"]);
}

#[test]
fn the_name_of_a_folder_that_is_missing_is_no_name_of_a_file() {
    let stage = Stage::with(small());
    symlink("gone/", stage.path("link")).expect("a link can be made");
    for name in ["folder/", "link"] {
        let done = stage.replay(&format!("t.swf --policy easy --starts {name}"));
        assert!(done.err.starts_with(&format!("apportion: {name}: cannot be written: ")));
        assert_eq!(stage.names(), ["link", "t.swf"]);
    }
}
