//! vCPUs that run already: here those of another run of the program, whose threads have the names
//! that QEMU gives to its own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::{Builder, sleep};
use std::time::Duration;

use serde_json::{Value, json};

use super::{alone, kvm_and_groups};
use crate::common::Stage;

/// A run with two vCPUs that are busy all the time; it is told to end with the test.
struct Machine(Child);

impl Machine {
    fn start(stage: &Stage) -> Self {
        let mut program = stage.program();
        program.args(["vcpus", "--policy", "groups", "--threads", "--weights", "1,1"]);
        program.args(["--for", "1min", "--cpus", "0"]);
        Self(program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts"))
    }

    /// Its vCPU threads, once they are in their groups.
    fn threads(&self) -> Vec<u32> {
        let folder = PathBuf::from(format!("/proc/{}/task", self.0.id()));
        for _ in 0..1_000 {
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
            let threads: Vec<u32> = entries
                .filter(|entry| {
                    let read = |name| fs::read_to_string(entry.path().join(name));
                    let name = read("comm").unwrap_or_default();
                    let groups = read("cgroup").unwrap_or_default();
                    name.starts_with("CPU ") && groups.contains("apportion-")
                })
                .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
                .collect();
            if threads.len() == 2 {
                return threads;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("the machine does not start");
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let id = self.0.id().to_string();
        // It takes its groups away when it is told to end.
        let _ = std::process::Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.0.wait();
    }
}

fn groups(threads: &[u32]) -> Vec<String> {
    let read = |thread| fs::read_to_string(format!("/proc/{thread}/cgroup")).expect("it runs");
    threads.iter().map(read).collect()
}

fn govern(stage: &Stage, arguments: &str) -> Value {
    let text = stage.run(&format!("vcpus {arguments} --weights 3,1 --for 2s --json")).succeeded();
    let document: Value = serde_json::from_str(&text).expect("one document and nothing else");
    assert_eq!(document["policy"], "groups");
    document
}

#[test]
fn vcpus_of_others_get_their_shares_and_go_back() {
    if !kvm_and_groups("vCPUs of another process") {
        return;
    }
    let _alone = alone();
    let stage = Stage::new();
    let machine = Machine::start(&stage);
    let threads = machine.threads();
    let before = groups(&threads);
    let by_pid = govern(&stage, &format!("--pid {}", machine.0.id()));
    let socket = stage.path("qmp");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let list = json!([
        {"cpu-index": 0, "thread-id": threads[0], "qom-path": "/machine"},
        {"cpu-index": 1, "thread-id": threads[1]},
    ]);
    let qemu = Builder::new().spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        let mut writer = &stream;
        let mut lines = BufReader::new(&stream).lines();
        let mut say = |value: Value| writeln!(writer, "{value}");
        say(json!({"QMP": {"version": {}, "capabilities": []}})).expect("it listens");
        for answer in [json!({}), list] {
            lines.next();
            say(json!({"return": answer})).expect("it listens");
        }
    });
    let by_qmp = govern(&stage, "--qmp qmp");
    qemu.expect("a thread").join().expect("it was asked");
    for document in [by_pid, by_qmp] {
        let share = document["vcpus"][0]["achieved"].as_f64().expect("a number");
        assert!((share - 0.75).abs() < 0.02, "{document}");
        assert!(document["vcpus"][0]["work"].is_null());
    }
    assert_eq!(groups(&threads), before);
    let id = machine.0.id();
    stage.run(&format!("vcpus --pid {id} --weights 1,2,4 --for 1s")).refused(&format!(
        "--weights: expected a weight for each vCPU: 2, as process {id} has, found 3"
    ));
}

#[test]
fn what_is_no_machine() {
    let stage = Stage::new();
    let line = "qmp: cannot connect to: No such file or directory (os error 2)";
    stage.run("vcpus --qmp qmp").refused(line);
    stage.write("plain", "");
    let line = "plain: cannot connect to: Connection refused (os error 111)";
    stage.run("vcpus --qmp plain").refused(line);
    let own = std::process::id();
    stage.run(&format!("vcpus --pid {own}")).refused(&format!(
        "vCPUs of process {own}: none of its threads is named like `CPU 0/KVM`; start QEMU with \
         `-name guest,debug-threads=on`, or with `-qmp unix:/run/qmp.sock,server=on,wait=off` and \
         name that socket"
    ));
    let gone = "/proc/2147483647/task: cannot list: No such file or directory (os error 2)";
    stage.run("vcpus --pid 2147483647").refused(gone);
}
