//! vCPUs of tiny guests of our own, or busy threads in their place.

use std::num::NonZeroU32;
use std::time::Duration;

use apportion_host::vcpu::{
    Behaviour, ExistingVcpu, Kvm, Member, Pinned, Placed, Ran, Report, Threads, TinyGuest, Turns,
    Until, VcpuId, VcpuPool, VcpuRunner, schedule,
};
use apportion_host::{Cgroups, Controller, Error as HostError, System, sweep};

use super::policy::Policy;
use super::stop::Stop;
use super::{Outcome, Plan, Right, failed};
use crate::output::Error;
use crate::progress::Progress;

/// Runs the guests under one policy after the other, until it is told to stop.
pub(super) fn play(plan: &Plan, policies: &[Policy], stop: &Stop) -> Result<Vec<Outcome>, Error> {
    let length = plan.length.unwrap_or(LENGTH);
    let cpus = if plan.cpus.is_empty() { vec![first_cpu()?] } else { plan.cpus.clone() };
    let behaviours = behaviours(plan)?;
    // The groups of those who were killed are in nobody's way: what is wrong with them is told by
    // `apportion run`.
    let _ = sweep(&System::default());
    let mut outcomes = Vec::new();
    for &policy in policies {
        if stop.is_told() {
            break;
        }
        let mut pool = pool(&behaviours, plan.threads)?;
        let report = match policy.turns(plan)? {
            None => in_groups(&mut *pool, plan, &cpus, length, stop)?,
            Some(turns) => by_quanta(pool, turns, plan, &cpus, length, stop, policy.name())?,
        };
        outcomes.push(Outcome { policy, report });
    }
    Ok(outcomes)
}

fn pool(behaviours: &[Behaviour], threads: bool) -> Result<Box<dyn VcpuPool>, Error> {
    if threads {
        return Ok(Box::new(Threads::new(behaviours).map_err(failed)?));
    }
    let kvm = TinyGuest::new(behaviours).and_then(|guest| Kvm::new(vec![guest]));
    Ok(Box::new(kvm.map_err(|error| {
        let named = matches!(error, HostError::Unavailable(_));
        let other = if named { "; or, without guests: `--threads`" } else { "" };
        Error::Usage(format!("{error}{other}"))
    })?))
}

/// All at once, each thread in a group of its own.
fn in_groups(
    pool: &mut dyn VcpuPool,
    plan: &Plan,
    cpus: &[u32],
    length: Duration,
    stop: &Stop,
) -> Result<Report, Error> {
    let control = Cgroups::with(&System::default(), &[Controller::Cpuacct]).map_err(|error| {
        let named = matches!(error, HostError::Unavailable(_));
        let other = if named { "; or, without groups: `--policy wfq`" } else { "" };
        Error::Usage(format!("{error}{other}"))
    })?;
    let vcpus: Vec<_> = (0..)
        .zip(pool.threads())
        .zip(&plan.rights)
        .map(|((number, thread), right)| {
            (ExistingVcpu::own(VcpuId::new(number), thread), right.weight, right.limit)
        })
        .collect();
    let placed = Placed::new(control, &vcpus, cpus).map_err(failed)?;
    pool.release().map_err(failed)?;
    let wall = stop.wait(Policy::Groups.name(), Some(length));
    let ran = pool.stop().map_err(failed)?;
    let members = members(&plan.rights).zip(ran);
    let had: Vec<_> = members.map(|(it, ran)| (it, ran, pool.work(it.vcpu))).collect();
    placed.release().close().map_err(failed)?;
    Report::of_parallel(&had, wall).map_err(failed)
}

/// One at a time, as the policy says.
fn by_quanta(
    pool: Box<dyn VcpuPool>,
    mut turns: Box<dyn Turns>,
    plan: &Plan,
    cpus: &[u32],
    length: Duration,
    stop: &Stop,
    name: &str,
) -> Result<Report, Error> {
    let _pinned = Pinned::new(&pool.threads(), cpus).map_err(failed)?;
    for member in members(&plan.rights) {
        turns.join(member.vcpu, member.weight, member.limit).map_err(failed)?;
    }
    let total = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    let progress = Progress::new(name.to_owned(), total, "ms");
    let mut watched = Watched { begin: pool.now(), pool, progress };
    let until = Until::elapsed(length).or_when(stop.flag());
    let played = schedule(&mut watched, &mut turns, until);
    watched.progress.finish();
    played.map_err(|interrupted| failed(interrupted.error))
}

/// Tells how far it is.
struct Watched {
    pool: Box<dyn VcpuPool>,
    begin: Duration,
    progress: Progress,
}

impl VcpuRunner for Watched {
    fn run_for(&mut self, vcpu: VcpuId, quantum: Duration) -> Result<Ran, HostError> {
        let elapsed = self.pool.now().saturating_sub(self.begin);
        self.progress.report(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
        self.pool.run_for(vcpu, quantum)
    }

    fn now(&self) -> Duration {
        self.pool.now()
    }

    fn sleep(&mut self, duration: Duration) {
        self.pool.sleep(duration);
    }

    fn work(&self, vcpu: VcpuId) -> Option<u64> {
        self.pool.work(vcpu)
    }
}

/// The vCPUs by number, with their rights.
pub(super) fn members(rights: &[Right]) -> impl Iterator<Item = Member> {
    (0..).zip(rights).map(|(number, &Right { weight, limit })| Member {
        vcpu: VcpuId::new(number),
        weight,
        limit,
    })
}

/// What the vCPUs do: work for ever, or stop after as much work as they do in a part of a quantum.
fn behaviours(plan: &Plan) -> Result<Vec<Behaviour>, Error> {
    let mut behaviours = vec![Behaviour::Busy; plan.rights.len()];
    if plan.early.is_empty() {
        return Ok(behaviours);
    }
    let mut pool = pool(&[Behaviour::Busy], plan.threads)?;
    let vcpu = VcpuId::new(0);
    let ran = pool.run_for(vcpu, TRIAL).map_err(failed)?;
    #[expect(clippy::cast_precision_loss, reason = "a tenth of a second of work")]
    let speed = pool.work(vcpu).unwrap_or(0) as f64 / ran.cpu.as_secs_f64().max(1e-6);
    for &(vcpu, part) in &plan.early {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what is beyond the range is as good as for ever"
        )]
        let turns = (speed * plan.quantum.as_secs_f64() * part) as u32;
        behaviours[vcpu] = Behaviour::Halts(NonZeroU32::new(turns).unwrap_or(NonZeroU32::MIN));
    }
    Ok(behaviours)
}

/// The first CPU that this program may run on.
fn first_cpu() -> Result<u32, Error> {
    let allowed = rustix::thread::sched_getaffinity(None)
        .map_err(|errno| Error::Usage(format!("the CPUs of this program: {errno}")))?;
    let first = (0..rustix::thread::CpuSet::MAX_CPU).find(|&cpu| allowed.is_set(cpu));
    Ok(first.and_then(|cpu| u32::try_from(cpu).ok()).unwrap_or(0))
}

const LENGTH: Duration = Duration::from_secs(2);
const TRIAL: Duration = Duration::from_millis(100);
