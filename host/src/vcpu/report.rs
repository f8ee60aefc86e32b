use std::collections::BTreeMap;
use std::time::Duration;

use apportion_fairshare::{Claim, Rules, Weight, divide};

use super::{Exit, Latencies, Member, Ran, VcpuError, VcpuId};

/// What came of [`schedule`](super::schedule).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Who took part, by number.
    pub vcpus: Vec<VcpuReport>,
    /// How long it took.
    pub wall: Duration,
    /// How long all had used up their limits, and the CPU was left idle.
    pub idle: Duration,
    /// From the return of a vCPU until it was decided who is next: charging it, and picking.
    pub decisions: Latencies,
    /// From a kick until the vCPU was out.
    pub kicks: Latencies,
}

/// What came of it for one vCPU.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VcpuReport {
    /// Who, and with which right.
    pub member: Member,
    /// The share that weights and limits entitle it to, 0 to 1: of the CPU time that all of them
    /// used and of what was left idle. Its limit is a part of the time that passed.
    pub decided: f64,
    /// The share that it had of the same.
    pub achieved: f64,
    /// How often it ran.
    pub quanta: u64,
    /// How often it stopped early.
    pub yielded: u64,
    /// The CPU time that it used, as it was charged.
    pub cpu: Duration,
    /// The time that it was in service.
    pub wall: Duration,
    /// How much work its guest did in that time, if it can be told.
    pub work: Option<u64>,
    /// From a kick until it was out.
    pub kicks: Latencies,
}

impl Report {
    /// The report of vCPUs that all ran at once for so long, from what each has had, and how much
    /// work its guest did.
    ///
    /// # Errors
    ///
    /// [`VcpuError::FairShare`] with more vCPUs than can be counted.
    pub fn of_parallel(
        vcpus: &[(Member, Ran, Option<u64>)],
        wall: Duration,
    ) -> Result<Self, VcpuError> {
        let mut account = Account::new(vcpus.iter().map(|vcpu| vcpu.0).collect());
        for (member, ran, _) in vcpus {
            account.ran(member.vcpu, *ran);
        }
        account.finish(wall, |vcpu| vcpus.iter().find(|other| other.0.vcpu == vcpu)?.2)
    }

    /// The CPU time that all used.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        self.vcpus.iter().map(|vcpu| vcpu.cpu).fold(Duration::ZERO, Duration::saturating_add)
    }

    /// What a vCPU did, if it took part.
    #[must_use]
    pub fn vcpu(&self, vcpu: VcpuId) -> Option<&VcpuReport> {
        self.vcpus.iter().find(|report| report.member.vcpu == vcpu)
    }
}

/// What has been measured so far.
#[derive(Debug)]
pub(super) struct Account {
    vcpus: BTreeMap<VcpuId, VcpuReport>,
    idle: Duration,
    decisions: Latencies,
    kicks: Latencies,
}

impl Account {
    pub(super) fn new(members: Vec<Member>) -> Self {
        let blank = |member: Member| VcpuReport {
            member,
            decided: 0.0,
            achieved: 0.0,
            quanta: 0,
            yielded: 0,
            cpu: Duration::ZERO,
            wall: Duration::ZERO,
            work: None,
            kicks: Latencies::default(),
        };
        Self {
            vcpus: members.into_iter().map(|member| (member.vcpu, blank(member))).collect(),
            idle: Duration::ZERO,
            decisions: Latencies::default(),
            kicks: Latencies::default(),
        }
    }

    pub(super) fn ran(&mut self, vcpu: VcpuId, ran: Ran) {
        if let Some(report) = self.vcpus.get_mut(&vcpu) {
            report.quanta += 1;
            report.yielded += u64::from(ran.exit == Exit::Yielded);
            report.cpu = report.cpu.saturating_add(ran.cpu);
            report.wall = report.wall.saturating_add(ran.wall);
            if let Some(latency) = ran.kick_latency {
                report.kicks.record(latency);
                self.kicks.record(latency);
            }
        }
    }

    pub(super) fn idled(&mut self, duration: Duration) {
        self.idle = self.idle.saturating_add(duration);
    }

    pub(super) fn decided(&mut self, latency: Duration) {
        self.decisions.record(latency);
    }

    /// The report, with the work that each guest has done.
    pub(super) fn finish(
        self,
        wall: Duration,
        work: impl Fn(VcpuId) -> Option<u64>,
    ) -> Result<Report, VcpuError> {
        let Self { vcpus, idle, decisions, kicks } = self;
        let mut vcpus: Vec<_> = vcpus.into_values().collect();
        let used = vcpus.iter().map(|vcpu| vcpu.cpu).fold(idle, Duration::saturating_add);
        let members: Vec<_> = vcpus.iter().map(|vcpu| vcpu.member).collect();
        let decided = shares(&members, ratio(used, wall))?;
        for (vcpu, decided) in vcpus.iter_mut().zip(decided) {
            vcpu.decided = decided;
            vcpu.achieved = ratio(vcpu.cpu, used);
            vcpu.work = work(vcpu.member.vcpu);
        }
        Ok(Report { vcpus, wall, idle, decisions, kicks })
    }
}

/// The shares of a capacity that is so many CPUs: by weight, within limits.
pub(super) fn shares(members: &[Member], cpus: f64) -> Result<Vec<f64>, VcpuError> {
    let claim = |member: &Member| {
        let claim = Claim::new(Weight::new(member.weight.get().into())?);
        if cpus <= 0.0 {
            return Ok(claim);
        }
        // A thread is on one CPU at a time.
        let limit = member.limit.map_or(1.0, |limit| ratio(limit.quota, limit.period).min(1.0));
        let share = limit / cpus * PARTS;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what is beyond the range means no limit"
        )]
        let parts = share as u64;
        Ok(claim.limited_to(parts))
    };
    let claims = members.iter().map(claim).collect::<Result<Vec<_>, VcpuError>>()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number")]
    let divided = divide(PARTS as u64, &claims, Rules::default())?;
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    let share = |share: &apportion_fairshare::Share| share.allocation as f64 / PARTS;
    Ok(divided.iter().map(share).collect())
}

fn ratio(part: Duration, whole: Duration) -> f64 {
    if whole.is_zero() { 0.0 } else { part.as_secs_f64() / whole.as_secs_f64() }
}

/// Fine enough for any table.
const PARTS: f64 = 1e12;
