//! Quanta, kicks and shares on real vCPUs.
#![cfg(feature = "kvm")]

use std::num::NonZeroU32;
use std::time::Duration;

use apportion_host::vcpu::*;

#[test]
fn kick() {
    let guest = TinyGuest::new(&[Behaviour::Busy; 3]).unwrap();
    let mut kvm = Kvm::new(vec![guest]).unwrap();
    for i in 0..3 {
        let ran = kvm.run_for(VcpuId::new(i), Duration::from_millis(100)).unwrap();
        eprintln!("{ran:?} {:?}", kvm.work(VcpuId::new(i)));
    }
    let mut turns = FairTurns::new(Duration::from_millis(10)).unwrap();
    for (i, w) in [1, 2, 4].into_iter().enumerate() {
        turns.join(VcpuId::new(i as u32), NonZeroU32::new(w).unwrap(), None).unwrap();
    }
    let report = schedule(&mut kvm, &mut turns, Until::elapsed(Duration::from_secs(3))).unwrap();
    eprintln!(
        "{:?} {:?} {:?}",
        report.decisions.median(),
        report.decisions.percentile_99(),
        report.kicks.median()
    );
    for v in &report.vcpus {
        eprintln!(
            "{:.4} {:.4} {} {:?} {:?} {:?}",
            v.decided,
            v.achieved,
            v.quanta,
            v.cpu,
            v.work,
            v.kicks.median()
        );
    }
}
