//! What is wrong is said on one line, before anything is touched.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::common::{Stage, done};

fn refuses(option: &str, value: &str, line: &str) {
    let stage = Stage::new();
    let mut program = stage.program();
    let output =
        program.args(["vcpus", option, value]).output().expect("the program can be started");
    done(output).refused(&format!("{option}: expected {line}"));
}

#[test]
fn weights_and_policies() {
    let one = "a weight from 1 to 1048576, or such a weight and how often: 1x100";
    refuses("--weights", "1,0", &format!("{one}, found `0`"));
    refuses("--weights", "1x65", "at most 64 vCPUs, found 65");
    let names = "one of groups, wfq, eevdf, stride, lottery";
    for name in ["", "WFQ", "wfq,lottery", "cgroup"] {
        refuses("--policy", name, &format!("{names}, found `{name}`"));
    }
}

#[test]
fn parts_of_vcpus() {
    for option in ["--limit", "--early"] {
        let most = if option == "--limit" { 100 } else { 99 };
        let expected = format!("a vCPU from 0 to 2 and a part from 1% to {most}%, such as 0=20%");
        for value in
            ["", "0", "0=20", "3=20%", "-1=20%", "+1=20%", "0=0%", "0=101%", "0=NaN%", "0=%", "=5%"]
        {
            refuses(option, value, &format!("{expected}, found `{value}`"));
        }
    }
    let twice = Stage::new().run("vcpus --limit 0=20% --limit 0=30%");
    twice.refused("--limit: expected each vCPU once, found `0=30%`");
    for policy in ["lottery", "stride"] {
        Stage::new().run(&format!("vcpus --limit 0=20% --policy {policy}")).refused(&format!(
            "--policy: expected a policy with hard limits, groups, wfq or eevdf, beside --limit, \
             found `{policy}`"
        ));
    }
}

#[test]
fn times_and_cpus() {
    for value in ["", "0ms", "2s", "0.5ms", "10", "-1ms", "NaNms", "1e3ms"] {
        let expected = "a time from 1ms to 1s, such as 10ms";
        refuses("--quantum", value, &format!("{expected}, found `{value}`"));
    }
    for value in ["", "5", "0s", "-5s", "400000000s"] {
        refuses("--for", value, &format!("a time such as 5s, 250ms or 2min, found `{value}`"));
    }
    for value in ["", "x", "1-0", "-1"] {
        refuses("--cpus", value, &format!("numbers of CPUs such as 0,2-3, found `{value}`"));
    }
    let range = "a number from 0 to 18446744073709551615";
    refuses("--seed", "-1", &format!("{range}, found `-1`"));
    for value in ["", "0", "-1", "x", "4294967295"] {
        refuses("--pid", value, &format!("the id of a process, found `{value}`"));
    }
}

#[test]
fn a_cpu_that_is_not_there() {
    let done = Stage::new().run("vcpus --threads --policy wfq --for 100ms --cpus 0,999");
    assert_eq!((done.status, done.out.as_str()), (Some(2), ""));
    let begin = "apportion: --cpus: expected CPUs among 0";
    assert!(done.err.starts_with(begin) && done.err.ends_with(", found 999\n"), "{}", done.err);
}

#[test]
fn options_that_do_not_go_together() {
    Stage::new()
        .run("vcpus --json --svg /dev/stdout")
        .refused("--json and --svg: expected one of them on standard output, found both");
    for arguments in [
        "--pid 1 --qmp socket",
        "--pid 1 --policy wfq",
        "--qmp socket --threads",
        "--qmp socket --early 0=20%",
    ] {
        let done = Stage::new().run(&format!("vcpus {arguments}"));
        assert_eq!((done.status, done.out.as_str()), (Some(2), ""), "{arguments}");
        assert!(done.err.contains("cannot be used with"), "{arguments}: {}", done.err);
    }
}

#[test]
fn without_rights_it_says_what_would_help() {
    let who = "`apportion vcpus` without rights";
    if !super::kvm_and_groups(who) {
        return;
    }
    let mode = fs::metadata("/dev/kvm").expect("it is there").permissions().mode();
    if !rustix::process::geteuid().is_root() || mode & 0o006 != 0 {
        apportion_testbed::not_run("kvm", who, "everybody may use /dev/kvm, or this is not root");
        return;
    }
    let stage = Stage::new();
    // A copy that everybody may execute, in a folder that everybody may enter.
    let program = stage.path("apportion");
    // By another process, as ours may start others just then, which would hold it open for writing.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_apportion")).arg(&program).status();
    assert!(copied.expect("there is `cp`").success());
    fs::set_permissions(stage.path("."), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let run = |arguments: &str| {
        let mut command = stage.command(&program);
        command.args(arguments.split_whitespace()).uid(NOBODY).gid(NOBODY);
        done(command.output().expect("the program can be started"))
    };
    run("vcpus").refused(
        "KVM: /dev/kvm may not be opened: Permission denied (os error 13); as root, run `chmod 0666 \
         /dev/kvm`, which systemd does by itself; or run this as root; or, without guests: `--threads`",
    );
    let groups = run("vcpus --threads");
    assert_eq!((groups.status, groups.out.as_str()), (Some(2), ""));
    assert!(groups.err.starts_with("apportion: cgroup controller cpu: "), "{}", groups.err);
    assert!(groups.err.ends_with("; or, without groups: `--policy wfq`\n"), "{}", groups.err);
    // What it says would help, helps.
    run("vcpus --threads --policy wfq --for 200ms").succeeded();
}

const NOBODY: u32 = 65_534;
