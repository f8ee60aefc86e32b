//! Threads of vCPUs in groups: their shares, and where they are afterwards.
#![cfg(all(feature = "kvm", target_os = "linux"))]

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use apportion_host::vcpu::{
    Behaviour, ExistingVcpu, Kvm, Member, Placed, Report, Threads, TinyGuest, VcpuId, VcpuPool,
    VcpuRunner, vcpus_of_process,
};
use apportion_host::{Adoption, Cgroups, Controller, CpuLimit, Error, System, Version, sweep};
use apportion_testbed::not_run;

const WINDOW: Duration = Duration::from_secs(3);

fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn measured(text: &str) {
    let _ = writeln!(io::stderr(), "measured: {text}");
}

/// Control groups of version 1, or the line that says why there are none.
fn available<C>(who: &str, opened: Result<C, Error>) -> Option<C> {
    match opened {
        Ok(control) => Some(control),
        Err(Error::Unavailable(unavailable)) => {
            not_run("cgroup-v1", who, &unavailable.to_string());
            None
        }
        Err(error) => panic!("{who}: {error}"),
    }
}

fn cgroups(who: &str) -> Option<Cgroups> {
    let control = available(who, Cgroups::with(&System::default(), &[Controller::Cpuacct]))?;
    let version = control.version(Controller::Cpu).unwrap();
    if version == Version::V1 {
        return Some(control);
    }
    not_run("cgroup-v1", who, "the controller of the CPU is of version 2 here");
    None
}

fn rights(
    threads: &[NonZeroU32],
    weights: &[u32],
) -> Vec<(ExistingVcpu, NonZeroU32, Option<CpuLimit>)> {
    let vcpus = (0..).zip(threads).zip(weights);
    vcpus
        .map(|((number, &thread), &weight)| {
            let vcpu = ExistingVcpu::own(VcpuId::new(number), thread);
            (vcpu, NonZeroU32::new(weight).unwrap(), None)
        })
        .collect()
}

/// Where a thread is: its groups, and its CPUs.
fn whereabouts(thread: NonZeroU32) -> (String, String) {
    let read = |name| fs::read_to_string(format!("/proc/{thread}/{name}")).unwrap();
    let status = read("status");
    let cpus = status.lines().find(|line| line.starts_with("Cpus_allowed_list:")).unwrap();
    (read("cgroup"), cpus.to_owned())
}

fn list(shares: impl Iterator<Item = f64>) -> String {
    shares.map(|share| format!("{:.2}", 100.0 * share)).collect::<Vec<_>>().join(":")
}

#[test]
fn one_two_four_by_groups() {
    let _alone = alone();
    let who = "1:2:4 by groups, KVM";
    let Some(control) = cgroups(who) else { return };
    let mut kvm = match TinyGuest::new(&[Behaviour::Busy; 3]).and_then(|it| Kvm::new(vec![it])) {
        Ok(kvm) => kvm,
        Err(Error::Unavailable(unavailable)) => {
            not_run("kvm", who, &unavailable.to_string());
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let threads = kvm.threads();
    let before: Vec<_> = threads.iter().map(|&thread| whereabouts(thread)).collect();
    let rights = rights(&threads, &[1, 2, 4]);
    let placed = Placed::new(control, &rights, &[0]).unwrap();
    assert_eq!(whereabouts(threads[0]).1, "Cpus_allowed_list:\t0");
    kvm.release().unwrap();
    sleep(WINDOW);
    let ran = kvm.stop().unwrap();
    let usage = placed.usage().unwrap();
    // The group's account is kept by the kernel, the other by the thread itself.
    for (ran, usage) in ran.iter().zip(&usage) {
        assert!(ran.cpu.abs_diff(*usage) < Duration::from_millis(20), "{ran:?} {usage:?}");
    }
    let vcpus = rights.iter().zip(ran).map(|((vcpu, weight, limit), ran)| {
        let member = Member { vcpu: vcpu.vcpu, weight: *weight, limit: *limit };
        (member, ran, kvm.work(vcpu.vcpu))
    });
    let report = Report::of_parallel(&vcpus.collect::<Vec<_>>(), WINDOW).unwrap();
    let shares = list(report.vcpus.iter().map(|vcpu| vcpu.achieved));
    measured(&format!("1:2:4 by control group: CPU {shares} of 14.29:28.57:57.14 % decided"));
    for vcpu in &report.vcpus {
        assert!((vcpu.achieved - vcpu.decided).abs() < 0.01, "{shares}");
        assert!(vcpu.work.unwrap() > 0);
    }
    // The groups can go while the machine is still there.
    placed.release().close().unwrap();
    let after: Vec<_> = threads.iter().map(|&thread| whereabouts(thread)).collect();
    assert_eq!(after, before);
}

/// Two threads of another process, named as those of vCPUs are, and busy.
struct Machine(Child);

impl Machine {
    fn start() -> Self {
        let own = std::env::current_exe().unwrap();
        let mut command = Command::new(own);
        command.args(["--exact", "a_machine_for_the_others", "--nocapture"]);
        command.env("APPORTION_TEST_MACHINE", "1").stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    fn vcpus(&self) -> Vec<ExistingVcpu> {
        let process = NonZeroU32::new(self.0.id()).unwrap();
        for _ in 0..2_000 {
            match vcpus_of_process(process) {
                Ok(vcpus) if vcpus.len() == 2 => return vcpus,
                _ => sleep(Duration::from_millis(5)),
            }
        }
        panic!("the machine does not start");
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// No test, but what [`Machine`] starts.
#[test]
fn a_machine_for_the_others() {
    if std::env::var_os("APPORTION_TEST_MACHINE").is_some() {
        let mut threads = Threads::new(&[Behaviour::Busy; 2]).unwrap();
        threads.release().unwrap();
        sleep(Duration::from_mins(1));
    }
}

#[test]
fn threads_of_others_go_back_where_they_were() {
    let _alone = alone();
    let who = "vCPU threads of another process";
    if cgroups(who).is_none() {
        return;
    }
    let machine = Machine::start();
    let vcpus = machine.vcpus();
    let before: Vec<_> = vcpus.iter().map(|vcpu| whereabouts(vcpu.thread)).collect();
    let rights: Vec<_> = [3, 1]
        .into_iter()
        .zip(&vcpus)
        .map(|(weight, vcpu)| (*vcpu, NonZeroU32::new(weight).unwrap(), None))
        .collect();
    let control = Adoption::open(&System::default()).unwrap();
    let placed = Placed::new(control, &rights, &[0]).unwrap();
    assert_ne!(whereabouts(vcpus[0].thread).0, before[0].0);
    let start = placed.usage().unwrap();
    sleep(WINDOW);
    let used: Vec<_> = placed
        .usage()
        .unwrap()
        .iter()
        .zip(start)
        .map(|(now, then)| now.saturating_sub(then).as_secs_f64())
        .collect();
    let total: f64 = used.iter().sum();
    let shares = list(used.iter().map(|used| used / total));
    let share = used[0] / total;
    measured(&format!("3:1, vCPU threads of another process: CPU {shares} of 75:25 % decided"));
    assert!((share - 0.75).abs() < 0.01, "{shares}");
    placed.release().close().unwrap();
    let after: Vec<_> = vcpus.iter().map(|vcpu| whereabouts(vcpu.thread)).collect();
    assert_eq!(after, before);
    // Nothing is killed when it is dropped in the middle, either.
    let control = Adoption::open(&System::default()).unwrap();
    drop(Placed::new(control, &rights, &[0]).unwrap());
    let after: Vec<_> = vcpus.iter().map(|vcpu| whereabouts(vcpu.thread)).collect();
    assert_eq!(after, before);
    // One that is not there, or CPUs that are not, change nothing.
    let control = Adoption::open(&System::default()).unwrap();
    let error = Placed::new(control, &rights, &[1_000]).unwrap_err();
    assert!(error.to_string().contains("cannot set the CPUs of"), "{error}");
    let control = Adoption::open(&System::default()).unwrap();
    let nobody = ExistingVcpu::own(VcpuId::new(9), NonZeroU32::new(u32::MAX).unwrap());
    let error = Placed::new(control, &[rights[0], (nobody, NonZeroU32::MIN, None)], &[0]);
    assert!(matches!(error, Err(Error::TaskEnded { .. })), "{error:?}");
    let after: Vec<_> = vcpus.iter().map(|vcpu| whereabouts(vcpu.thread)).collect();
    assert_eq!(after, before);
}

/// No test, but a process that adopts the threads of another and is killed in the middle.
#[test]
fn an_adopter_that_dies() {
    let Some(process) = std::env::var_os("APPORTION_TEST_ADOPT") else { return };
    let process = process.to_str().unwrap().parse().unwrap();
    let vcpus = vcpus_of_process(process).unwrap();
    let rights: Vec<_> = vcpus.iter().map(|vcpu| (*vcpu, NonZeroU32::MIN, None)).collect();
    let control = Adoption::open(&System::default()).unwrap();
    let _placed = Placed::new(control, &rights, &[]).unwrap();
    sleep(Duration::from_mins(1));
}

#[test]
fn a_sweep_kills_no_thread_of_others() {
    let _alone = alone();
    if cgroups("a sweep after an adopter that was killed").is_none() {
        return;
    }
    let mut machine = Machine::start();
    let vcpus = machine.vcpus();
    let before = whereabouts(vcpus[0].thread).0;
    let mut adopter = Command::new(std::env::current_exe().unwrap());
    adopter.args(["--exact", "an_adopter_that_dies", "--nocapture"]);
    adopter.env("APPORTION_TEST_ADOPT", machine.0.id().to_string());
    let mut adopter = Machine(adopter.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let mut waited = 0;
    while !vcpus.iter().all(|vcpu| whereabouts(vcpu.thread).0.contains("apportion-")) {
        waited += 1;
        assert!(waited < 2_000, "it adopts nothing");
        sleep(Duration::from_millis(5));
    }
    adopter.0.kill().unwrap();
    adopter.0.wait().unwrap();
    assert_ne!(whereabouts(vcpus[0].thread).0, before);
    let swept = sweep(&System::default()).unwrap();
    assert!(swept.failed.is_empty() && !swept.removed.is_empty(), "{swept:?}");
    assert_eq!(machine.0.try_wait().unwrap(), None, "the machine was killed");
    for vcpu in &vcpus {
        let now = whereabouts(vcpu.thread).0;
        assert!(!now.contains("apportion-"), "{now}");
    }
}
