//! The executor, with a control that only writes down what it is told: what is started is real.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use apportion_host::{
    Call, Entrance, Error, Executor, Exited, GroupPath, Holds, Launch, Output, Recorder, Usage,
};

fn path(text: &str) -> GroupPath {
    text.parse().unwrap()
}

fn launch(name: &str, group: &str, script: &str) -> Launch {
    Launch {
        name: name.to_owned(),
        program: "sh".into(),
        args: vec!["-c".into(), script.into()],
        group: path(group),
        entrance: Entrance::default(),
        environment: vec![("NAMED".into(), name.into())],
        directory: Some("/".into()),
        output: Output::Nowhere,
    }
}

fn refused() -> Error {
    Error::UnknownGroup(path("refused"))
}

/// An executor whose call of this number fails, with two groups if they can be created.
fn executor(fails: Option<usize>) -> Executor<Recorder> {
    let mut recorder = Recorder::new();
    if let Some(number) = fails {
        recorder.fail_at(number, refused());
    }
    Executor::new(recorder, None)
}

/// Polls until so many have ended.
fn wait(executor: &mut Executor<Recorder>, count: usize) -> Vec<Exited> {
    let mut exited = Vec::new();
    while exited.len() < count {
        exited.extend(executor.poll().unwrap());
        sleep(Duration::from_millis(2));
    }
    exited
}

/// Whether a process with this id runs; one that has ended may not have been waited for yet.
fn runs(id: u32) -> bool {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    text.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

#[test]
fn a_command_is_told_in_its_group_and_reported_once() {
    let mut executor = executor(None);
    executor.create(&path("outer")).unwrap();
    executor.create(&path("outer/inner")).unwrap();
    let cpu = Duration::from_millis(5);
    executor.control_mut().set_usage(&path("outer/inner"), Usage { cpu });
    executor.start(launch("a", "outer/inner", "test $NAMED$PWD = a/ && exit 3")).unwrap();
    assert_eq!(executor.running(), 1);
    let exited = wait(&mut executor, 1);
    assert_eq!((exited[0].name.as_str(), exited[0].status.code()), ("a", Some(3)));
    assert_eq!(exited[0].usage.cpu, cpu);
    assert_eq!((executor.running(), executor.poll().unwrap()), (0, Vec::new()));
    executor.remove().unwrap();
    let [outer, inner] = ["outer", "outer/inner"].map(path);
    let create = |group: &GroupPath| Call::Create { group: group.clone(), holds: Holds::Processes };
    assert_eq!(
        executor.control().calls(),
        [
            create(&outer),
            create(&inner),
            Call::Entrance(inner.clone()),
            Call::Kill(inner.clone()),
            Call::Usage(inner.clone()),
            Call::Remove(inner),
            Call::Remove(outer),
        ]
    );
}

#[test]
fn what_was_created_before_a_failure_is_removed() {
    let mut executor = executor(Some(2));
    executor.create(&path("one")).unwrap();
    executor.create(&path("two")).unwrap();
    assert_eq!(executor.create(&path("three")), Err(refused()));
    executor.remove().unwrap();
    assert_eq!(executor.control().groups().count(), 0);
}

#[test]
fn what_cannot_be_started_leaves_the_others_alone() {
    // The third call asks how to enter.
    let mut executor = executor(Some(2));
    executor.create(&path("a")).unwrap();
    executor.start(launch("a", "a", "sleep 100")).unwrap();
    assert_eq!(executor.start(launch("b", "a", "true")), Err(refused()));
    let mut missing = launch("c", "a", "");
    missing.program = "/no/such/program".into();
    let error = executor.start(missing).unwrap_err();
    assert!(matches!(error, Error::NotStarted { .. }), "{error}");
    assert!(matches!(executor.start(launch("d", "x", "true")), Err(Error::UnknownGroup(_))));
    assert_eq!(executor.running(), 1);
    assert_eq!(executor.kill().unwrap().len(), 1);
}

#[test]
fn one_that_cannot_be_cleared_up_counts_as_running_until_it_can() {
    // After the first start, the group is not killed at first.
    let mut executor = executor(Some(2));
    executor.create(&path("a")).unwrap();
    executor.start(launch("a", "a", "exit 0")).unwrap();
    let error = loop {
        match executor.poll() {
            Ok(exited) => assert!(exited.is_empty()),
            Err(error) => break error,
        }
    };
    assert_eq!((error, executor.running()), (refused(), 1));
    assert_eq!(wait(&mut executor, 1)[0].status.code(), Some(0));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
fn who_is_asked_to_end_may_and_who_does_not_is_killed() {
    let mut executor = executor(None);
    executor.create(&path("a")).unwrap();
    let one = executor.start(launch("heeds", "a", "sleep 100 & echo; wait")).unwrap();
    let two = executor.start(launch("does not", "a", "trap '' TERM; while :; do sleep 1; done"));
    let both = [one.get(), two.unwrap().get()];
    // Until the trap is set.
    sleep(Duration::from_millis(200));
    let begin = Instant::now();
    let exited = executor.end(Duration::from_millis(300)).unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(300));
    let signals: Vec<_> = exited.iter().map(|exited| exited.status.signal()).collect();
    assert_eq!(signals, [Some(15), Some(9)]);
    assert!(!both.into_iter().any(runs));
    assert_eq!(executor.control().groups().count(), 0);
}

#[test]
fn nothing_is_left_undone_because_something_failed() {
    // The first kill of a group fails, and so does the first removal.
    let mut recorder = Recorder::new();
    recorder.fail_at(4, refused());
    recorder.fail_at(7, refused());
    let mut executor = Executor::new(recorder, None);
    executor.create(&path("a")).unwrap();
    executor.create(&path("b")).unwrap();
    let ids = ["a", "b"].map(|group| executor.start(launch(group, group, "sleep 100")).unwrap());
    assert_eq!(executor.kill(), Err(refused()));
    assert_eq!(executor.running(), 0);
    assert!(!ids.into_iter().any(|id| runs(id.get())));
    assert_eq!(executor.remove(), Err(refused()));
    assert_eq!(executor.control().groups().count(), 1);
    executor.remove().unwrap();
    assert_eq!(executor.control().groups().count(), 0);
}

/// A group of the freezer, whose processes do not even die until it is dropped.
struct Frozen(PathBuf);

impl Frozen {
    fn new(who: &str) -> Option<Self> {
        let path = format!("/sys/fs/cgroup/freezer/apportion-frozen-{}", std::process::id());
        match fs::create_dir(&path) {
            Ok(()) => Some(Self(path.into())),
            Err(error) => {
                apportion_testbed::not_run("cgroup-v1", who, &format!("{path}: {error}"));
                None
            }
        }
    }

    fn hold(&self, id: u32) {
        fs::write(self.0.join("cgroup.procs"), id.to_string()).unwrap();
        fs::write(self.0.join("freezer.state"), "FROZEN").unwrap();
        let state = || fs::read_to_string(self.0.join("freezer.state")).unwrap();
        assert!((0..500).any(|_| state() == "FROZEN\n" || pause()), "{}", state());
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        // What was killed meanwhile dies now, and then the group can go.
        let _ = fs::write(self.0.join("freezer.state"), "THAWED");
        let _ = (0..500).any(|_| fs::remove_dir(&self.0).is_ok() || pause());
    }
}

fn pause() -> bool {
    sleep(Duration::from_millis(10));
    false
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
fn one_that_cannot_be_killed_is_told_and_does_not_hold_up_the_end() {
    let Some(frozen) = Frozen::new("one that cannot be killed") else { return };
    let mut executor = executor(None);
    executor.create(&path("a")).unwrap();
    executor.create(&path("b")).unwrap();
    let stuck = executor.start(launch("stuck", "a", "exec sleep 100")).unwrap().get();
    let other = executor.start(launch("other", "b", "exec sleep 100")).unwrap().get();
    frozen.hold(stuck);
    let begin = Instant::now();
    let error = executor.end(Duration::from_millis(100)).unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert!(matches!(&error, Error::NotRemoved { tasks, .. } if *tasks == [stuck]), "{error}");
    assert_eq!((executor.running(), runs(stuck), runs(other)), (0, true, false));
    assert_eq!(executor.control().groups().count(), 0);
    drop(frozen);
    assert!((0..500).any(|_| !runs(stuck) || pause()), "it lives on");
}

#[test]
fn one_that_ends_does_not_take_others_in_its_group_along() {
    let mut executor = executor(None);
    executor.create(&path("a")).unwrap();
    executor.create(&path("a/b")).unwrap();
    executor.start(launch("short", "a", "exit 0")).unwrap();
    executor.start(launch("inside", "a/b", "exit 0")).unwrap();
    executor.start(launch("beside", "a", "sleep 0.2")).unwrap();
    wait(&mut executor, 3);
    let calls = executor.control().calls();
    let killed: Vec<_> = calls.iter().filter(|call| matches!(call, Call::Kill(_))).collect();
    assert_eq!(killed, [&Call::Kill(path("a/b")), &Call::Kill(path("a"))]);
}

#[test]
fn dropped_it_ends_what_runs() {
    let mut executor = executor(None);
    executor.create(&path("a")).unwrap();
    let id = executor.start(launch("a", "a", "sleep 100 & wait")).unwrap().get();
    assert!(runs(id));
    drop(executor);
    assert!(!runs(id));
}
