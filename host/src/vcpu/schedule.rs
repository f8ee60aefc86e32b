use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::report::Account;
use super::{Next, Report, Turns, VcpuRunner};
use crate::Error;

/// When [`schedule`] ends: after a time, after a number of quanta, or when it is told to, whichever
/// comes first.
#[derive(Clone, Copy, Debug)]
pub struct Until<'a> {
    duration: Duration,
    quanta: u64,
    stop: Option<&'a AtomicBool>,
}

impl<'a> Until<'a> {
    /// When so much time has passed; the last quantum is cut.
    #[must_use]
    pub const fn elapsed(duration: Duration) -> Self {
        Self { duration, quanta: u64::MAX, stop: None }
    }

    /// After so many quanta.
    #[must_use]
    pub const fn quanta(quanta: u64) -> Self {
        Self { duration: Duration::MAX, quanta, stop: None }
    }

    /// Or when the flag is set: after the quantum that runs then.
    #[must_use]
    pub const fn or_when(self, stop: &'a AtomicBool) -> Self {
        Self { stop: Some(stop), ..self }
    }

    fn is_told(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Acquire))
    }
}

/// It went wrong in the middle. No vCPU runs, and no turn is open.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{error}")]
#[non_exhaustive]
pub struct Interrupted {
    /// Why.
    pub error: Error,
    /// What came of it until then.
    pub report: Box<Report>,
}

/// Lets vCPUs run by turns, one at a time. Those that have joined take part.
///
/// Each turn: [`Turns::pick`], [`VcpuRunner::run_for`], [`Turns::charge`] with the CPU time used.
/// When all have used up their limits, nobody runs until the next period.
///
/// ```
/// use std::num::NonZeroU32;
/// use std::time::Duration;
///
/// use apportion_host::vcpu::{FairTurns, Simulated, Turns, Until, VcpuId, schedule};
///
/// let mut turns = FairTurns::new(Duration::from_millis(10))?;
/// for (vcpu, weight) in [(0, 1), (1, 2), (2, 4)] {
///     turns.join(VcpuId::new(vcpu), NonZeroU32::new(weight).unwrap(), None)?;
/// }
/// let report = schedule(&mut Simulated::new(3), &mut turns, Until::quanta(70))?;
/// assert_eq!(report.vcpus.iter().map(|vcpu| vcpu.quanta).collect::<Vec<_>>(), [10, 20, 40]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// What the runner or the policy says, with the report until then. A turn that failed is given
/// back.
pub fn schedule(
    runner: &mut (impl VcpuRunner + ?Sized),
    turns: &mut (impl Turns + ?Sized),
    until: Until<'_>,
) -> Result<Report, Interrupted> {
    let members = turns.members();
    let before: Vec<_> = members.iter().map(|member| runner.work(member.vcpu)).collect();
    let vcpus: Vec<_> = members.iter().map(|member| member.vcpu).collect();
    let begin = runner.now();
    let mut account = Account::new(members);
    let played = play(runner, turns, until, begin, &mut account);
    let report = account.finish(runner.now().saturating_sub(begin), |vcpu| {
        let index = vcpus.iter().position(|&other| other == vcpu)?;
        Some(runner.work(vcpu)?.wrapping_sub(before[index]?))
    });
    match (played, report) {
        (Ok(()), Ok(report)) => Ok(report),
        (Err(error), report) => {
            Err(Interrupted { error, report: Box::new(report.unwrap_or_default()) })
        }
        (Ok(()), Err(error)) => Err(Interrupted { error: error.into(), report: Box::default() }),
    }
}

fn play(
    runner: &mut (impl VcpuRunner + ?Sized),
    turns: &mut (impl Turns + ?Sized),
    until: Until<'_>,
    begin: Duration,
    account: &mut Account,
) -> Result<(), Error> {
    let end = begin.saturating_add(until.duration);
    let mut played = 0;
    let mut returned = None;
    while played < until.quanta && !until.is_told() {
        let now = runner.now();
        if now >= end {
            break;
        }
        let (vcpu, quantum) = match turns.pick(now)? {
            Next::Run { vcpu, quantum } => (vcpu, quantum),
            Next::Idle { until: release } => {
                let pause = release.min(end).saturating_sub(now).min(LONGEST_SLEEP);
                runner.sleep(pause.max(SHORTEST_SLEEP));
                account.idled(runner.now().saturating_sub(now));
                returned = None;
                continue;
            }
            Next::Nobody => break,
        };
        let decided = runner.now();
        if let Some(returned) = returned {
            account.decided(decided.saturating_sub(returned));
        }
        let ran = match runner.run_for(vcpu, quantum.min(end.saturating_sub(decided))) {
            Ok(ran) => {
                returned = Some(runner.now());
                account.ran(vcpu, ran);
                turns.charge(vcpu, ran.cpu)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = ran {
            // What the policy may have to say to that is of no interest beside the error.
            let _ = turns.give_back(vcpu);
            return Err(error);
        }
        played += 1;
    }
    Ok(())
}

/// Often enough to look whether it is told to stop.
const LONGEST_SLEEP: Duration = Duration::from_millis(20);
/// So that time passes, also where it is virtual.
const SHORTEST_SLEEP: Duration = Duration::from_micros(1);
