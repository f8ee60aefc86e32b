//! Processes in namespaces of their own: where numbers can be had again at will, and where numbers or
//! times are others than here. Each test starts this program once more, as the first process of such
//! a namespace.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU32;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use apportion_host::vcpu::{Pinned, vcpus_of_machine};
use apportion_host::{
    Adoption, Cgroups, Error, GroupControl, GroupPath, Holds, Qmp, System, Task, sweep,
};
use apportion_testbed::not_run;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// In a PID namespace, all others end with the first process.
const OWN_NUMBERS: &[&str] = &["--pid", "--fork", "--mount-proc", "--kill-child"];
/// Where the machine was started a day earlier.
const OWN_TIMES: &[&str] = &["--time", "--boottime", "86400", "--fork", "--kill-child"];

/// This test again, as the first process of a namespace; `None`, after the line `not run: …`, without
/// the right to that.
fn first_of_a_namespace(test: &str, options: &[&str]) -> Option<Child> {
    if !rustix::process::geteuid().is_root() {
        not_run("root", test, "this is not root");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(options).arg(env::current_exe().unwrap()).args(["--exact", test, "--nocapture"]);
    command.env(INSIDE, "1").stdin(Stdio::piped()).stdout(Stdio::piped());
    Some(command.spawn().unwrap())
}

fn is_inside() -> bool {
    env::var_os(INSIDE).is_some()
}

/// Runs a test in a namespace of its own, where its verdict is passed on from.
fn inside(test: &str, options: &[&str]) {
    let Some(child) = first_of_a_namespace(test, options) else { return };
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// A process that is killed when this is dropped.
struct Ending(Child);

impl Ending {
    fn sleeping() -> Self {
        Self(Command::new("sleep").arg("100").spawn().unwrap())
    }

    /// Another one of the same number, once this one has ended.
    fn succeeded(self) -> Self {
        let id = self.id();
        drop(self);
        // The kernel tells when a process began in ticks of a hundredth of a second.
        sleep(Duration::from_millis(30));
        fs::write("/proc/sys/kernel/ns_last_pid", (id.get() - 1).to_string()).unwrap();
        let next = Self::sleeping();
        assert_eq!(next.id(), id, "the number is had again");
        next
    }

    fn id(&self) -> NonZeroU32 {
        NonZeroU32::new(self.0.id()).unwrap()
    }

    fn cpus(&self) -> CpuSet {
        sched_getaffinity(Some(Pid::from_child(&self.0))).unwrap()
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn whoever_has_the_number_of_a_pinned_thread_now_is_left_alone() {
    if !is_inside() {
        return inside("whoever_has_the_number_of_a_pinned_thread_now_is_left_alone", OWN_NUMBERS);
    }
    let all = sched_getaffinity(None).unwrap();
    let cpus: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&cpu| all.is_set(cpu)).collect();
    let [first, .., last] = cpus.as_slice() else {
        return not_run("two-cpus", "a number that is used again", "there is one CPU");
    };
    let pin = |id: NonZeroU32| Pinned::new(&[id], &[u32::try_from(*first).unwrap()]).unwrap();
    let sleeper = Ending::sleeping();
    let pinned = pin(sleeper.id());
    assert_ne!(sleeper.cpus(), all);
    drop(pinned);
    assert_eq!(sleeper.cpus(), all, "the one that was pinned may run again where it could");

    let pinned = pin(sleeper.id());
    let next = sleeper.succeeded();
    let mut own = CpuSet::new();
    own.set(*last);
    sched_setaffinity(Some(Pid::from_child(&next.0)), &own).unwrap();
    drop(pinned);
    assert_eq!(next.cpus(), own);
}

#[test]
fn whoever_has_the_number_of_an_adopted_process_now_is_left_alone() {
    if !is_inside() {
        return inside(
            "whoever_has_the_number_of_an_adopted_process_now_is_left_alone",
            OWN_NUMBERS,
        );
    }
    let group: GroupPath = "adopted".parse().unwrap();
    let adopt = |sleeper: &Ending| {
        let mut adoption = Adoption::open(&System::default())?;
        adoption.create(&group, Holds::Processes)?;
        adoption.attach(&group, Task::Process(sleeper.id())).map(|()| adoption)
    };
    let groups = |sleeper: &Ending| fs::read_to_string(format!("/proc/{}/cgroup", sleeper.id()));
    let sleeper = Ending::sleeping();
    let before = groups(&sleeper).unwrap();
    let adoption = match adopt(&sleeper) {
        Ok(adoption) => adoption,
        Err(Error::Unavailable(why)) => {
            return not_run("cgroup-v1", "an adopted number that is used again", &why.to_string());
        }
        Err(error) => panic!("{error}"),
    };
    assert_ne!(groups(&sleeper).unwrap(), before);
    let next = sleeper.succeeded();
    // It has a group of its own choice.
    let top = Path::new("/sys/fs/cgroup/cpu").join(format!("apportion-test-{}", unique()));
    fs::create_dir(&top).unwrap();
    fs::write(top.join("cgroup.procs"), next.id().to_string()).unwrap();
    let own = groups(&next).unwrap();
    let closed = adoption.close();
    let found = groups(&next).unwrap();
    drop(next);
    let removed = fs::remove_dir(&top);
    assert_eq!((closed, found), (Ok(()), own));
    removed.unwrap();
}

#[test]
fn groups_whose_owner_began_at_another_time_by_our_count_are_left_alone() {
    let test = "groups_whose_owner_began_at_another_time_by_our_count_are_left_alone";
    if is_inside() {
        let swept = sweep(&System::default()).unwrap();
        assert!(swept.removed.is_empty() && swept.failed.is_empty(), "{swept:?}");
        return;
    }
    let mut control = match Cgroups::open(&System::default()) {
        Ok(control) => control,
        Err(Error::Unavailable(why)) => return not_run("cgroup-v1", test, &why.to_string()),
        Err(error) => panic!("{error}"),
    };
    let group: GroupPath = "mine".parse().unwrap();
    control.create(&group, Holds::Processes).unwrap();
    inside(test, OWN_TIMES);
    control.usage(&group).unwrap();
    control.close().unwrap();
}

/// Numbers of processes are others here than outside.
fn unique() -> String {
    let link = fs::read_link("/proc/self/ns/pid").unwrap();
    link.display().to_string().replace(|letter: char| !letter.is_ascii_digit(), "")
}

#[test]
fn a_qemu_that_counts_its_threads_otherwise_is_not_believed() {
    let test = "a_qemu_that_counts_its_threads_otherwise_is_not_believed";
    if is_inside() {
        return serve();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("qmp");
    let Some(child) = first_of_a_namespace(test, OWN_NUMBERS) else { return };
    let mut machine = Ending(child);
    let child = &mut machine.0;
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{}", path.display()).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with(LISTENS)));
    let mut qmp = Qmp::connect(&path, Duration::from_secs(20)).unwrap();
    let refused = vcpus_of_machine(&mut qmp).unwrap_err();
    drop(qmp);
    let Error::Unavailable(unavailable) = &refused else { panic!("{refused:?}") };
    assert!(unavailable.why.ends_with("lives in another PID namespace"), "{refused}");
    let fix = unavailable.fix.split('`').nth(1).unwrap_or_default();
    let target = fix.strip_prefix("nsenter --target ").and_then(|fix| fix.split(' ').next());
    let comm = fs::read_to_string(format!("/proc/{}/comm", target.unwrap())).unwrap();
    assert!(comm.starts_with("namespaces"), "{fix}: {comm}");
}

/// Greets as QEMU does, and would say that its vCPU is the thread with number 1.
fn serve() {
    let mut path = String::new();
    std::io::stdin().read_line(&mut path).unwrap();
    let listener = UnixListener::bind(path.trim_end()).unwrap();
    println!("{LISTENS}");
    let (stream, _) = listener.accept().unwrap();
    let mut lines = BufReader::new(&stream).lines();
    (&stream).write_all(b"{\"QMP\": {\"version\": {}, \"capabilities\": []}}\n").unwrap();
    for answer in ["{}", "[{\"cpu-index\": 0, \"thread-id\": 1}]"] {
        let Some(Ok(_)) = lines.next() else { return };
        (&stream).write_all(format!("{{\"return\": {answer}}}\n").as_bytes()).unwrap();
    }
}

const INSIDE: &str = "APPORTION_TEST_IN_A_NAMESPACE";
const LISTENS: &str = "listens";
