//! What holds for any runner and any turns, in virtual time.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use apportion_host::vcpu::{
    Exit, FairTurns, LotteryTurns, Next, Ran, Simulated, StrideTurns, Turns, Until, VcpuError,
    VcpuId, schedule,
};
use apportion_host::{CpuLimit, Error};
use apportion_wfq::Order;
use proptest::prelude::*;
use rand_pcg::Pcg64;

const QUANTUM: Duration = Duration::from_millis(10);

fn policies() -> Vec<Box<dyn Turns>> {
    let chance = Pcg64::new(7, 1);
    vec![
        Box::new(FairTurns::new(QUANTUM).unwrap()),
        Box::new(FairTurns::in_order(Order::Eevdf, QUANTUM).unwrap()),
        Box::new(LotteryTurns::new(QUANTUM, chance.clone()).unwrap()),
        Box::new(LotteryTurns::new(QUANTUM, chance).unwrap().without_compensation()),
        Box::new(StrideTurns::new(QUANTUM).unwrap()),
    ]
}

fn join(turns: &mut (impl Turns + ?Sized), weights: &[u32]) {
    for (vcpu, &weight) in (0..).zip(weights) {
        turns.join(VcpuId::new(vcpu), NonZeroU32::new(weight).unwrap(), None).unwrap();
    }
}

fn limit(percent: u64) -> CpuLimit {
    let period = Duration::from_millis(100);
    let quota = Duration::from_millis(percent);
    CpuLimit { quota, period, burst: Duration::ZERO }
}

/// What a quantum comes to: CPU time and the time that passes, in microseconds, and why it ended.
fn quantum() -> impl Strategy<Value = Ran> {
    (0..12_000_u64, 0..5_000_u64, any::<bool>()).prop_map(|(cpu, waited, yields)| {
        let cpu = Duration::from_micros(cpu);
        let wall = cpu + Duration::from_micros(waited) + Duration::from_micros(1);
        let exit = if yields { Exit::Yielded } else { Exit::Kicked };
        let kick_latency = (!yields).then_some(Duration::from_micros(3));
        Ran { cpu, wall, kick_latency, exit }
    })
}

fn crash() -> Error {
    VcpuError::Crashed { vcpu: VcpuId::new(0), exit: "Shutdown".to_owned() }.into()
}

proptest! {
    /// What is charged, reported and shared out is what was run; one at a time.
    #[test]
    fn what_is_charged_is_what_was_run(
        weights in prop::collection::vec(1_u32..1_000, 1..6),
        script in prop::collection::vec(quantum(), 1..200),
        which in 0..5_usize,
    ) {
        let mut turns = policies().swap_remove(which);
        join(&mut *turns, &weights);
        let mut runner = Simulated::new(u32::try_from(weights.len()).unwrap());
        for &ran in &script {
            runner.then(Ok(ran));
        }
        let until = Until::quanta(script.len() as u64);
        let report = schedule(&mut runner, &mut turns, until).unwrap();
        let calls = runner.calls();
        prop_assert_eq!(calls.len(), script.len());
        let mut cpu = BTreeMap::<VcpuId, Duration>::new();
        let mut clock = Duration::ZERO;
        for (call, ran) in calls.iter().zip(&script) {
            prop_assert!(call.at >= clock, "two at once");
            clock = call.at + ran.wall;
            prop_assert!(call.quantum <= QUANTUM && !call.quantum.is_zero());
            *cpu.entry(call.vcpu).or_default() += ran.cpu;
        }
        for vcpu in &report.vcpus {
            prop_assert_eq!(cpu.get(&vcpu.member.vcpu).copied().unwrap_or_default(), vcpu.cpu);
            let ran = calls.iter().filter(|call| call.vcpu == vcpu.member.vcpu).count();
            prop_assert_eq!(vcpu.quanta, ran as u64);
        }
        prop_assert_eq!(report.cpu(), script.iter().map(|ran| ran.cpu).sum());
        prop_assert_eq!((report.wall, report.idle), (clock, Duration::ZERO));
        let sum = |share: fn(&apportion_host::vcpu::VcpuReport) -> f64| {
            report.vcpus.iter().map(share).sum::<f64>()
        };
        prop_assert!((sum(|vcpu| vcpu.decided) - 1.0).abs() < 1e-9);
        prop_assert!(report.cpu().is_zero() || (sum(|vcpu| vcpu.achieved) - 1.0).abs() < 1e-9);
    }

    /// Whatever the quanta come to, in start-time order no two that stay are further apart than a
    /// longest quantum of each, divided by its weight; so nobody starves.
    #[test]
    fn nobody_starves(
        weights in prop::collection::vec(1_u32..50, 2..6),
        script in prop::collection::vec(quantum(), 100..400),
    ) {
        let mut turns = FairTurns::new(QUANTUM).unwrap();
        join(&mut turns, &weights);
        let mut runner = Simulated::new(u32::try_from(weights.len()).unwrap());
        for &ran in &script {
            runner.then(Ok(ran));
        }
        schedule(&mut runner, &mut turns, Until::quanta(script.len() as u64)).unwrap();
        let mut used = vec![0.0; weights.len()];
        for (call, ran) in runner.calls().iter().zip(&script) {
            let index = call.vcpu.number() as usize;
            used[index] += ran.cpu.as_secs_f64() / f64::from(weights[index]);
            for (one, a) in weights.iter().zip(&used) {
                for (other, b) in weights.iter().zip(&used) {
                    let bound = 0.012 / f64::from(*one) + 0.012 / f64::from(*other);
                    prop_assert!(a - b <= bound + 1e-9, "{a} {b} {bound}");
                }
            }
        }
    }

    /// A runner that fails leaves no turn open: the same turns go on, and what failed is not
    /// charged.
    #[test]
    fn an_error_leaves_everything_as_it_was(
        weights in prop::collection::vec(1_u32..100, 1..5),
        before in 0..40_usize,
        which in 0..5_usize,
    ) {
        let mut turns = policies().swap_remove(which);
        join(&mut *turns, &weights);
        let mut runner = Simulated::new(u32::try_from(weights.len()).unwrap());
        let ran = Ran { cpu: QUANTUM / 2, wall: QUANTUM, kick_latency: None, exit: Exit::Yielded };
        for _ in 0..before {
            runner.then(Ok(ran));
        }
        runner.then(Err(crash()));
        let interrupted = schedule(&mut runner, &mut turns, Until::quanta(1_000)).unwrap_err();
        prop_assert_eq!(&interrupted.error, &crash());
        let quanta: u64 = interrupted.report.vcpus.iter().map(|vcpu| vcpu.quanta).sum();
        prop_assert_eq!(quanta, before as u64);
        prop_assert_eq!(interrupted.report.cpu(), QUANTUM / 2 * u32::try_from(before).unwrap());
        let report = schedule(&mut runner, &mut turns, Until::quanta(50)).unwrap();
        prop_assert_eq!(report.vcpus.iter().map(|vcpu| vcpu.quanta).sum::<u64>(), 50);
    }

    /// Nobody has more than its limit, but for the last charge; and nobody runs while all are out.
    #[test]
    fn limits_hold(
        percents in prop::collection::vec(1_u64..120, 1..5),
        script in prop::collection::vec(quantum(), 0..100),
    ) {
        let mut turns = FairTurns::new(QUANTUM).unwrap();
        for (vcpu, &percent) in (0..).zip(&percents) {
            turns.join(VcpuId::new(vcpu), NonZeroU32::MIN, Some(limit(percent))).unwrap();
        }
        let mut runner = Simulated::new(u32::try_from(percents.len()).unwrap());
        for ran in script {
            runner.then(Ok(ran));
        }
        let window = Duration::from_secs(3);
        let report = schedule(&mut runner, &mut turns, Until::elapsed(window)).unwrap();
        prop_assert!(report.wall >= window && report.wall <= window + 2 * QUANTUM);
        for (vcpu, percent) in report.vcpus.iter().zip(&percents) {
            // As many periods as have begun, and what the last charge is beyond.
            let most = Duration::from_millis(percent * 31) + Duration::from_millis(12);
            prop_assert!(vcpu.cpu <= most, "{:?} {most:?}", vcpu.cpu);
        }
        let total: u64 = percents.iter().sum();
        if total < 80 {
            prop_assert!(report.idle > Duration::from_millis(300), "{:?}", report.idle);
        }
    }
}

#[test]
fn shares_are_those_of_the_weights() {
    for mut turns in policies() {
        join(&mut *turns, &[1, 2, 4]);
        let mut runner = Simulated::new(3);
        let report = schedule(&mut runner, &mut turns, Until::quanta(70_000)).unwrap();
        for (vcpu, share) in report.vcpus.iter().zip([1.0, 2.0, 4.0]) {
            let bound = if turns.policy() == "lottery" { 0.01 } else { 1e-4 };
            assert!((vcpu.decided - share / 7.0).abs() < 1e-9);
            assert!((vcpu.achieved - vcpu.decided).abs() < bound, "{}: {vcpu:?}", turns.policy());
        }
    }
}

/// The first vCPU uses a fifth of each quantum.
fn early(turns: &mut dyn Turns) -> Vec<f64> {
    let mut runner = Simulated::new(2);
    let mut used = [Duration::ZERO; 2];
    for _ in 0..60_000 {
        let Next::Run { vcpu, quantum } = turns.pick(Duration::ZERO).unwrap() else { panic!() };
        let part = if vcpu == VcpuId::new(0) { 5 } else { 1 };
        let exit = if part == 1 { Exit::Kicked } else { Exit::Yielded };
        let cpu = quantum / part;
        runner.then(Ok(Ran { cpu, wall: cpu, kick_latency: None, exit }));
        turns.charge(vcpu, cpu).unwrap();
        used[vcpu.number() as usize] += cpu;
    }
    let total: Duration = used.iter().sum();
    used.iter().map(|used| used.as_secs_f64() / total.as_secs_f64()).collect()
}

#[test]
fn who_stops_early_is_compensated() {
    for mut turns in policies() {
        join(&mut *turns, &[2, 1]);
        let share = early(&mut *turns)[0];
        assert!((share - 2.0 / 3.0).abs() < 0.01 || turns.policy() == "lottery", "{share}");
    }
    let lottery = || LotteryTurns::new(QUANTUM, Pcg64::new(3, 1)).unwrap();
    for (mut turns, expected) in
        [(lottery(), 2.0 / 3.0), (lottery().without_compensation(), 2.0 / 7.0)]
    {
        join(&mut turns, &[2, 1]);
        let share = early(&mut turns)[0];
        assert!((share - expected).abs() < 0.01, "{share} {expected}");
    }
}

#[test]
fn a_limit_leaves_the_rest_to_the_others() {
    let mut turns = FairTurns::new(QUANTUM).unwrap();
    for (vcpu, weight, limited) in [(0, 1, None), (1, 2, None), (2, 4, Some(limit(20)))] {
        turns.join(VcpuId::new(vcpu), NonZeroU32::new(weight).unwrap(), limited).unwrap();
    }
    let until = Until::elapsed(Duration::from_secs(30));
    let report = schedule(&mut Simulated::new(3), &mut turns, until).unwrap();
    for (vcpu, share) in report.vcpus.iter().zip([0.8 / 3.0, 1.6 / 3.0, 0.2]) {
        assert!((vcpu.decided - share).abs() < 1e-6, "{vcpu:?}");
        assert!((vcpu.achieved - share).abs() < 1e-3, "{vcpu:?}");
    }
    assert_eq!((report.idle, report.wall), (Duration::ZERO, Duration::from_secs(30)));
}

#[test]
fn who_leaves_gets_nothing_more() {
    for mut turns in policies() {
        join(&mut *turns, &[1, 1]);
        turns.leave(VcpuId::new(0)).unwrap();
        let unknown = Error::from(VcpuError::UnknownVcpu(VcpuId::new(0)));
        assert_eq!(turns.leave(VcpuId::new(0)), Err(unknown.clone()));
        assert_eq!(turns.charge(VcpuId::new(0), QUANTUM), Err(unknown.clone()));
        assert_eq!(turns.give_back(VcpuId::new(0)), Err(unknown));
        let mut runner = Simulated::new(2);
        let report = schedule(&mut runner, &mut turns, Until::quanta(9)).unwrap();
        assert_eq!(report.vcpus.iter().map(|vcpu| vcpu.quanta).collect::<Vec<_>>(), [9]);
        turns.leave(VcpuId::new(1)).unwrap();
        let report = schedule(&mut runner, &mut turns, Until::quanta(9)).unwrap();
        assert_eq!(report.vcpus, []);
    }
}

#[test]
fn what_is_refused() {
    let first = VcpuId::new(0);
    for mut turns in policies() {
        let policy = turns.policy();
        join(&mut *turns, &[1]);
        let twice = turns.join(first, NonZeroU32::MIN, None);
        assert_eq!(twice, Err(VcpuError::JoinedTwice(first).into()));
        let limited = turns.join(VcpuId::new(1), NonZeroU32::MIN, Some(limit(20)));
        match policy {
            "wfq" | "eevdf" => assert_eq!(limited, Ok(())),
            _ => {
                let error = VcpuError::NoLimits { policy, vcpu: VcpuId::new(1) };
                assert_eq!(limited, Err(error.into()));
                assert_eq!(turns.members().len(), 1);
            }
        }
        // One who is not there is no worse than one who crashes.
        let gone = schedule(&mut Simulated::new(0), &mut turns, Until::quanta(1)).unwrap_err();
        let unknown = |error: &Error| matches!(error, Error::Vcpu(VcpuError::UnknownVcpu(_)));
        assert!(unknown(&gone.error), "{gone}");
    }
    let heavy = FairTurns::new(QUANTUM).unwrap().join(first, NonZeroU32::MAX, None);
    assert!(matches!(heavy, Err(Error::Vcpu(VcpuError::FairQueue(_)))), "{heavy:?}");
    for quantum in [Duration::ZERO, Duration::from_micros(9), Duration::from_secs(2), Duration::MAX]
    {
        let refused = Err(Error::from(VcpuError::QuantumOutOfRange(quantum)));
        assert_eq!(FairTurns::new(quantum).map(drop), refused);
        assert_eq!(StrideTurns::new(quantum).map(drop), refused);
        assert_eq!(LotteryTurns::new(quantum, Pcg64::new(1, 1)).map(drop), refused);
    }
}

#[test]
fn it_stops_when_it_is_told_to() {
    let mut turns = FairTurns::new(QUANTUM).unwrap();
    join(&mut turns, &[1]);
    let stop = AtomicBool::new(true);
    let until = Until::elapsed(Duration::MAX).or_when(&stop);
    let report = schedule(&mut Simulated::new(1), &mut turns, until).unwrap();
    assert_eq!((report.wall, report.vcpus[0].quanta), (Duration::ZERO, 0));
    // The last quantum is cut.
    let until = Until::elapsed(QUANTUM * 5 / 2);
    let mut runner = Simulated::new(1);
    schedule(&mut runner, &mut turns, until).unwrap();
    let quanta: Vec<_> = runner.calls().iter().map(|call| call.quantum).collect();
    assert_eq!(quanta, [QUANTUM, QUANTUM, QUANTUM / 2]);
}
