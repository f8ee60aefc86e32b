//! Quanta, kicks and shares on real vCPUs, by their CPU time.
#![cfg(feature = "kvm")]

use std::io::{self, Write};
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use apportion_host::vcpu::{
    Behaviour, Exit, FairTurns, Kvm, Latencies, LotteryTurns, Report, StrideTurns, TinyGuest,
    Turns, Until, VcpuError, VcpuId, VcpuPool, VcpuRunner, schedule,
};
use apportion_host::{CpuLimit, Error};
use apportion_testbed::not_run;
use rand_pcg::Pcg64;

const QUANTUM: Duration = Duration::from_millis(2);

/// One test at a time, or they would share the CPUs with each other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A guest with these vCPUs, or the line that says why there is none.
fn kvm(who: &str, behaviours: &[Behaviour]) -> Option<Kvm> {
    match TinyGuest::new(behaviours).and_then(|guest| Kvm::new(vec![guest])) {
        Ok(kvm) => Some(kvm),
        Err(Error::Unavailable(unavailable)) => {
            not_run("kvm", who, &unavailable.to_string());
            None
        }
        Err(error) => panic!("{who}: {error}"),
    }
}

/// Past the capture of the test harness.
fn measured(text: &str) {
    let _ = writeln!(io::stderr(), "measured: {text}");
}

fn join(turns: &mut impl Turns, weights: &[u32]) {
    for (vcpu, &weight) in (0..).zip(weights) {
        turns.join(VcpuId::new(vcpu), NonZeroU32::new(weight).unwrap(), None).unwrap();
    }
}

fn play(kvm: &mut Kvm, turns: &mut impl Turns, seconds: u64) -> Report {
    schedule(kvm, turns, Until::elapsed(Duration::from_secs(seconds))).unwrap()
}

fn table(report: &Report) -> String {
    let percent = |share: f64| format!("{:.2}", 100.0 * share);
    let list = |share: fn(&apportion_host::vcpu::VcpuReport) -> f64| {
        report.vcpus.iter().map(share).map(percent).collect::<Vec<_>>().join(":")
    };
    let quanta: Vec<_> = report.vcpus.iter().map(|vcpu| vcpu.quanta.to_string()).collect();
    format!(
        "CPU {} of {} % decided, quanta {}, {:?} CPU in {:?}",
        list(|vcpu| vcpu.achieved),
        list(|vcpu| vcpu.decided),
        quanta.join(":"),
        report.cpu(),
        report.wall,
    )
}

/// How far the shares achieved are from those decided, at most.
fn furthest(report: &Report) -> f64 {
    report.vcpus.iter().map(|vcpu| (vcpu.achieved - vcpu.decided).abs()).fold(0.0, f64::max)
}

/// Turns of its loop that a vCPU does in a time of its CPU.
fn turns_in(time: Duration) -> Option<NonZeroU32> {
    let mut kvm = kvm("the speed of a guest", &[Behaviour::Busy])?;
    let vcpu = VcpuId::new(0);
    let ran = kvm.run_for(vcpu, Duration::from_millis(200)).unwrap();
    let nanoseconds = u128::from(kvm.work(vcpu).unwrap()) * time.as_nanos() / ran.cpu.as_nanos();
    NonZeroU32::new(u32::try_from(nanoseconds).unwrap().max(1))
}

#[test]
fn a_kicked_vcpu_stops_and_goes_on() {
    let _alone = alone();
    let Some(mut kvm) = kvm("a kicked vCPU stops", &[Behaviour::Busy; 2]) else { return };
    let [first, second] = [VcpuId::new(0), VcpuId::new(1)];
    let mut kicks = Latencies::default();
    let mut before = 0;
    for _ in 0..300 {
        let ran = kvm.run_for(first, QUANTUM).unwrap();
        assert_eq!(ran.exit, Exit::Kicked);
        assert!(ran.cpu <= ran.wall + Duration::from_micros(100), "{ran:?}");
        kicks.record(ran.kick_latency.unwrap());
        let work = kvm.work(first).unwrap();
        assert!(work >= before);
        before = work;
    }
    assert!(before > 0);
    sleep(Duration::from_millis(50));
    assert_eq!(kvm.work(first), Some(before), "it still runs");
    assert_eq!(kvm.work(second), Some(0));
    // Kicks that come before the guest is entered, or as it is.
    for turn in 0..2_000 {
        let ran = kvm.run_for(second, Duration::from_nanos(100 * turn)).unwrap();
        assert_eq!(ran.exit, Exit::Kicked);
    }
    let unknown = VcpuId::new(2);
    let refused = kvm.run_for(unknown, QUANTUM);
    assert_eq!(refused, Err(VcpuError::UnknownVcpu(unknown).into()));
    let (median, most) = (kicks.median().unwrap(), kicks.percentile_99().unwrap());
    measured(&format!("kick to exit: median {median:?}, 99 of 100 within {most:?}"));
    assert!(median < Duration::from_millis(50), "{kicks:?}");
}

#[test]
fn who_stops_by_itself_yields() {
    let _alone = alone();
    let few = NonZeroU32::new(50).unwrap();
    let behaviours = [Behaviour::Halts(few), Behaviour::AsksDevice(few)];
    let Some(mut kvm) = kvm("who stops by itself yields", &behaviours) else { return };
    for vcpu in [VcpuId::new(0), VcpuId::new(1)] {
        for turn in 1..=20 {
            let ran = kvm.run_for(vcpu, Duration::from_secs(5)).unwrap();
            assert_eq!((ran.exit, ran.kick_latency), (Exit::Yielded, None));
            assert_eq!(kvm.work(vcpu), Some(50 * turn));
        }
    }
    kvm.release().unwrap();
    assert_eq!(kvm.release(), Err(VcpuError::RunsAlready(VcpuId::new(0)).into()));
    sleep(Duration::from_millis(200));
    let ran = kvm.stop().unwrap();
    assert!(ran.iter().all(|ran| ran.exit == Exit::Kicked), "{ran:?}");
    assert!(kvm.work(VcpuId::new(0)) > Some(1_000));
}

#[test]
fn quanta_by_virtual_time_and_by_strides() {
    let _alone = alone();
    let who = "1:2:4 by quanta";
    let Some(mut kvm) = kvm(who, &[Behaviour::Busy; 3]) else { return };
    let mut fair = FairTurns::new(QUANTUM).unwrap();
    join(&mut fair, &[1, 2, 4]);
    let report = play(&mut kvm, &mut fair, 4);
    measured(&format!("1:2:4 by quanta, wfq: {}", table(&report)));
    assert!(furthest(&report) < 0.005, "{}", table(&report));
    let decided = (report.decisions.median().unwrap(), report.decisions.percentile_99().unwrap());
    measured(&format!("decisions: median {:?}, 99 of 100 within {:?}", decided.0, decided.1));
    // What the guests did is in proportion to the CPU time that they had.
    let work: u64 = report.vcpus.iter().filter_map(|vcpu| vcpu.work).sum();
    for vcpu in &report.vcpus {
        #[expect(clippy::cast_precision_loss, reason = "both are small")]
        let share = vcpu.work.unwrap() as f64 / work as f64;
        assert!((share - vcpu.decided).abs() < 0.05, "{share} of the work, {}", table(&report));
    }
    let mut stride = StrideTurns::new(QUANTUM).unwrap();
    join(&mut stride, &[1, 2, 4]);
    let report = play(&mut kvm, &mut stride, 3);
    measured(&format!("1:2:4 by quanta, stride: {}", table(&report)));
    assert!(furthest(&report) < 0.005, "{}", table(&report));
}

#[test]
fn quanta_by_draws() {
    let _alone = alone();
    let Some(mut kvm) = kvm("1:2:4 by draws", &[Behaviour::Busy; 3]) else { return };
    let mut lottery = LotteryTurns::new(QUANTUM, Pcg64::new(11, 1)).unwrap().without_compensation();
    join(&mut lottery, &[1, 2, 4]);
    let report = play(&mut kvm, &mut lottery, 4);
    measured(&format!("1:2:4 by draws: {}", table(&report)));
    let draws: u64 = report.vcpus.iter().map(|vcpu| vcpu.quanta).sum();
    for vcpu in &report.vcpus {
        #[expect(clippy::cast_precision_loss, reason = "both are small")]
        let (draws, won) = (draws as f64, vcpu.quanta as f64);
        let deviation = (draws * vcpu.decided * (1.0 - vcpu.decided)).sqrt();
        assert!((won - draws * vcpu.decided).abs() < 5.0 * deviation, "{}", table(&report));
    }
    // Without compensation nothing is promised about CPU time: on a busy machine quanta are uneven.
    let mut lottery = LotteryTurns::new(QUANTUM, Pcg64::new(11, 1)).unwrap();
    join(&mut lottery, &[1, 2, 4]);
    let report = play(&mut kvm, &mut lottery, 4);
    measured(&format!("1:2:4 by draws, compensated: {}", table(&report)));
    assert!(furthest(&report) < 0.12, "{}", table(&report));
}

#[test]
fn who_stops_early_gets_its_share() {
    let _alone = alone();
    let Some(few) = turns_in(QUANTUM / 5) else { return };
    let behaviours = [Behaviour::Halts(few), Behaviour::Busy];
    let Some(mut kvm) = kvm("who stops early gets its share", &behaviours) else { return };
    let lottery = || LotteryTurns::new(QUANTUM, Pcg64::new(5, 1)).unwrap();
    let mut compensated = lottery();
    join(&mut compensated, &[1, 1]);
    let report = play(&mut kvm, &mut compensated, 4);
    measured(&format!("compensated lottery, the first stops early: {}", table(&report)));
    assert!(report.vcpus[0].yielded * 2 > report.vcpus[0].quanta, "{report:?}");
    assert!(furthest(&report) < 0.12, "{}", table(&report));
    let mut plain = lottery().without_compensation();
    join(&mut plain, &[1, 1]);
    let report = play(&mut kvm, &mut plain, 2);
    measured(&format!("the same without compensation: {}", table(&report)));
    assert!(report.vcpus[0].achieved < 0.4, "{}", table(&report));
    let mut fair = FairTurns::new(QUANTUM).unwrap();
    join(&mut fair, &[1, 1]);
    let report = play(&mut kvm, &mut fair, 2);
    measured(&format!("wfq, the first stops early: {}", table(&report)));
    assert!(furthest(&report) < 0.01, "{}", table(&report));
}

#[test]
fn a_limit_of_a_tenth() {
    let _alone = alone();
    let Some(mut kvm) = kvm("a hard limit by quanta", &[Behaviour::Busy; 2]) else { return };
    let [quota, period] = [10, 100].map(Duration::from_millis);
    let mut turns = FairTurns::new(QUANTUM).unwrap();
    let limit = CpuLimit { quota, period, burst: Duration::ZERO };
    turns.join(VcpuId::new(0), NonZeroU32::MIN, Some(limit)).unwrap();
    turns.join(VcpuId::new(1), NonZeroU32::MIN, None).unwrap();
    let report = play(&mut kvm, &mut turns, 3);
    let part = report.vcpus[0].cpu.as_secs_f64() / report.wall.as_secs_f64();
    measured(&format!("a limit of 10 % by quanta: {:.2} % of the time", 100.0 * part));
    // Never more; less where the machine gave the two together less than twice that.
    assert!(part < 0.11, "{part}");
    assert!(part > 0.08 || report.cpu().as_secs_f64() < 0.25 * report.wall.as_secs_f64());
    // Alone and limited, the CPU is left idle.
    turns.leave(VcpuId::new(1)).unwrap();
    let report = play(&mut kvm, &mut turns, 1);
    assert!(report.idle > report.wall / 3, "{:?} of {:?}", report.idle, report.wall);
    assert!(report.vcpus[0].cpu < report.wall / 5);
}
