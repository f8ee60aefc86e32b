//! How long it takes from the return of a vCPU until it is decided who is next, and how far each
//! policy is from what it decided, on guests of its own of weights 1, 2 and 4.
//!
//! `cargo run --release -p apportion-host --features kvm --example vcpu_decisions`

use std::error::Error;
use std::num::NonZeroU32;
use std::time::Duration;

use apportion_host::vcpu::{
    Behaviour, FairTurns, Kvm, LotteryTurns, StrideTurns, TinyGuest, Turns, Until, VcpuId, schedule,
};
use rand_pcg::Pcg64;

fn main() -> Result<(), Box<dyn Error>> {
    let quantum = Duration::from_millis(2);
    let policies: [Box<dyn Turns>; 3] = [
        Box::new(FairTurns::new(quantum)?),
        Box::new(LotteryTurns::new(quantum, Pcg64::new(1, 1))?),
        Box::new(StrideTurns::new(quantum)?),
    ];
    for mut turns in policies {
        let mut kvm = Kvm::new(vec![TinyGuest::new(&[Behaviour::Busy; 3])?])?;
        for (number, weight) in (0..).zip([1, 2, 4]) {
            let weight = NonZeroU32::new(weight).unwrap_or(NonZeroU32::MIN);
            turns.join(VcpuId::new(number), weight, None)?;
        }
        let report = schedule(&mut kvm, &mut turns, Until::elapsed(Duration::from_secs(5)))?;
        let decisions = &report.decisions;
        let furthest = report.vcpus.iter().map(|vcpu| (vcpu.achieved - vcpu.decided).abs());
        println!(
            "{:8} {:5} decisions: median {:?}, 99 of 100 within {:?}; kicks: median {:?}, 99 of 100 \
             within {:?}; furthest from its share {:.2} points",
            turns.policy(),
            decisions.count(),
            decisions.median().unwrap_or_default(),
            decisions.percentile_99().unwrap_or_default(),
            report.kicks.median().unwrap_or_default(),
            report.kicks.percentile_99().unwrap_or_default(),
            100.0 * furthest.fold(0.0, f64::max),
        );
    }
    Ok(())
}
