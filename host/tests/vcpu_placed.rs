//! Threads in groups of a control that only writes down what it is told, and fails at any call.

use std::fs;
use std::num::NonZeroU32;
use std::time::Duration;

use apportion_host::vcpu::{Behaviour, ExistingVcpu, Placed, Threads, VcpuId, VcpuPool};
use apportion_host::{Call, CpuLimit, Error, GroupPath, Holds, Recorder, Setting, Task};

fn path(text: &str) -> GroupPath {
    text.parse().unwrap()
}

fn rights(threads: &Threads) -> Vec<(ExistingVcpu, NonZeroU32, Option<CpuLimit>)> {
    let [quota, period] = [20, 100].map(Duration::from_millis);
    let limits = [None, Some(CpuLimit { quota, period, burst: Duration::ZERO })];
    let vcpus = (0..).zip(threads.threads()).zip(limits);
    vcpus
        .map(|((number, thread), limit)| {
            let vcpu = ExistingVcpu::own(VcpuId::new(number), thread);
            (vcpu, NonZeroU32::new(number + 1).unwrap(), limit)
        })
        .collect()
}

fn cpus(threads: &Threads) -> Vec<String> {
    let read = |thread| fs::read_to_string(format!("/proc/{thread}/status")).unwrap();
    let line = |text: String| {
        text.lines().find(|line| line.starts_with("Cpus_allowed:")).unwrap().to_owned()
    };
    threads.threads().into_iter().map(read).map(line).collect()
}

#[test]
fn groups_are_told_all_before_threads_come_into_them() {
    let threads = Threads::new(&[Behaviour::Busy; 2]).unwrap();
    let rights = rights(&threads);
    let placed = Placed::new(Recorder::new(), &rights, &[]).unwrap();
    assert_eq!(placed.usage(), Ok(vec![Duration::ZERO; 2]));
    let [first, second] = ["vcpus/vcpu-0", "vcpus/vcpu-1"].map(path);
    let weights = [(first.clone(), 1), (second.clone(), 2)]
        .map(|(group, weight)| (group, weight.try_into().unwrap()));
    let calls = [
        Call::Create { group: path("vcpus"), holds: Holds::Processes },
        Call::Create { group: first.clone(), holds: Holds::Threads },
        Call::Create { group: second.clone(), holds: Holds::Threads },
        Call::Set { group: second.clone(), setting: Setting::CpuLimit(rights[1].2) },
        Call::SetWeights(weights.to_vec()),
        Call::Attach { group: first.clone(), task: Task::Thread(rights[0].0.thread) },
        Call::Attach { group: second.clone(), task: Task::Thread(rights[1].0.thread) },
        Call::Usage(first),
        Call::Usage(second),
    ];
    assert_eq!(*placed.release().calls(), calls);
}

#[test]
fn whatever_fails_threads_may_run_where_they_could() {
    let threads = Threads::new(&[Behaviour::Busy; 2]).unwrap();
    let rights = rights(&threads);
    let before = cpus(&threads);
    for number in 0..7 {
        let mut recorder = Recorder::new();
        let error = Error::UnknownGroup(path("elsewhere"));
        recorder.fail_at(number, error.clone());
        assert_eq!(Placed::new(recorder, &rights, &[0]).map(drop), Err(error), "{number}");
        assert_eq!(cpus(&threads), before, "{number}");
    }
    let placed = Placed::new(Recorder::new(), &rights, &[0]).unwrap();
    assert!(cpus(&threads).iter().all(|cpus| cpus.ends_with('1')), "{:?}", cpus(&threads));
    drop(placed);
    assert_eq!(cpus(&threads), before);
    let error = Placed::new(Recorder::new(), &rights, &[u32::MAX]).map(drop).unwrap_err();
    assert!(matches!(error, Error::OutOfRange { what: "CPU", .. }), "{error}");
}
