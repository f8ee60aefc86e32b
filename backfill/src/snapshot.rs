//! Snapshots: what cannot be worked out again is saved; indexes and caches are rebuilt, so that a
//! snapshot that was tampered with can be refused, but cannot break them.

use alloc::vec::Vec;

use crate::conservative::Waiting;
use crate::table::{Claim, Held, Slot, State, Table};
use crate::{Backfill, Config, Conservative, JobOrder, MAX_TIME, QueuedJob, Submission};

/// A snapshot that no scheduler can have made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a snapshot of a scheduler: {0}")]
pub(crate) struct Inconsistent(&'static str);

/// A saved [`Backfill`].
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
pub(crate) struct BackfillSnapshot<Q, B, P> {
    version: u32,
    config: Config,
    queue_order: Q,
    backfill_order: B,
    predictor: P,
    jobs: TableSnapshot,
}

/// A saved [`Conservative`].
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
pub(crate) struct ConservativeSnapshot {
    version: u32,
    config: Config,
    jobs: TableSnapshot,
    /// The queue: slot, start of the reservation, when that was settled.
    reservations: Vec<(u32, u64, u64)>,
    vacated: bool,
    remade: Option<u64>,
}

#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
struct TableSnapshot {
    now: u64,
    sequence: u64,
    slots: Vec<(u32, Option<HeldSnapshot>)>,
    vacant: Vec<u32>,
}

/// A job that is held.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
struct HeldSnapshot {
    job: QueuedJob,
    state: State,
    first_prediction: u64,
    corrections: u8,
    started: bool,
    worked: u64,
}

impl<Q: JobOrder + Clone, B: JobOrder + Clone, P> From<Backfill<Q, B, P>>
    for BackfillSnapshot<Q, B, P>
{
    fn from(policy: Backfill<Q, B, P>) -> Self {
        let (queue_order, backfill_order) = policy.orders();
        Self {
            version: VERSION,
            config: policy.config,
            queue_order: queue_order.clone(),
            backfill_order: backfill_order.clone(),
            jobs: policy.table.into(),
            predictor: policy.predictor,
        }
    }
}

impl<Q: JobOrder, B: JobOrder, P> TryFrom<BackfillSnapshot<Q, B, P>> for Backfill<Q, B, P> {
    type Error = Inconsistent;

    fn try_from(snapshot: BackfillSnapshot<Q, B, P>) -> Result<Self, Inconsistent> {
        let BackfillSnapshot { version, config, queue_order, backfill_order, predictor, jobs } =
            snapshot;
        check_version(version)?;
        let mut policy = Self::with(config, queue_order, backfill_order, predictor)
            .map_err(|_| Inconsistent("its configuration is invalid"))?;
        let table = jobs.check(&config)?;
        if !config.preemptive && table.iter().any(|(_, held)| held.claims(Claim::Preemptible)) {
            return Err(Inconsistent("a job is preemptible, the policy is not"));
        }
        policy.table = table;
        policy.rebuild();
        Ok(policy)
    }
}

impl From<Conservative> for ConservativeSnapshot {
    fn from(policy: Conservative) -> Self {
        Self {
            version: VERSION,
            config: policy.config,
            reservations: policy
                .waiting
                .iter()
                .map(|job| (job.slot, job.start, job.planned))
                .collect(),
            vacated: policy.vacated,
            remade: policy.remade,
            jobs: policy.table.into(),
        }
    }
}

impl TryFrom<ConservativeSnapshot> for Conservative {
    type Error = Inconsistent;

    fn try_from(snapshot: ConservativeSnapshot) -> Result<Self, Inconsistent> {
        let ConservativeSnapshot { version, config, jobs, reservations, vacated, remade } =
            snapshot;
        check_version(version)?;
        let mut policy =
            Self::new(config.processors).map_err(|_| Inconsistent("its machine is invalid"))?;
        policy.config = config;
        policy.table = jobs.check(&config)?;
        let now = policy.table.now;
        if remade.is_some_and(|remade| remade > now) {
            return Err(Inconsistent("its reservations were made anew in the future"));
        }
        let mut waiting = Vec::with_capacity(reservations.len());
        let mut last = None;
        for (slot, start, planned) in reservations {
            let Some(State::Queued { reserved }) = policy.table.find(slot).map(|held| held.state)
            else {
                return Err(Inconsistent("a reservation is nobody's"));
            };
            let promised = reserved.filter(|promised| *promised <= MAX_TIME);
            let promised = promised.ok_or(Inconsistent("a queued job was promised no start"))?;
            // Reservations made anew may start later, and beyond the end of time.
            if remade.is_none() && start > promised {
                return Err(Inconsistent("a reservation starts after what was promised"));
            }
            let job = policy.table.job(slot);
            if last.is_some_and(|last| last >= job.sequence) || planned > start.min(now) {
                return Err(Inconsistent("the reservations are out of order"));
            }
            last = Some(job.sequence);
            let (processors, estimate) = (job.submission.processors, job.submission.estimate);
            waiting.push(Waiting { slot, processors, estimate, start, planned });
        }
        let queued =
            policy.table.iter().filter(|(_, held)| matches!(held.state, State::Queued { .. }));
        if queued.count() != waiting.len() {
            return Err(Inconsistent("a queued job holds no reservation"));
        }
        if policy.table.iter().any(|(_, held)| held.claims(Claim::Preemptible)) {
            return Err(Inconsistent("a job is preemptible, the policy is not"));
        }
        (policy.waiting, policy.vacated, policy.remade) = (waiting, vacated, remade);
        policy.rebuild();
        if policy.is_overbooked() {
            return Err(Inconsistent("more processors are reserved than there are"));
        }
        Ok(policy)
    }
}

impl From<Table> for TableSnapshot {
    fn from(table: Table) -> Self {
        let (now, sequence) = (table.now, table.sequence);
        let slots = table.slots.into_iter().map(|slot| {
            let held = slot.held.map(|held| HeldSnapshot::new(slot.job, held));
            (slot.generation, held)
        });
        Self { now, sequence, slots: slots.collect(), vacant: table.vacant }
    }
}

impl TableSnapshot {
    fn check(self, config: &Config) -> Result<Table, Inconsistent> {
        let Self { now, sequence, slots, vacant } = self;
        let slots = slots.into_iter().map(|(generation, held)| {
            let (job, held) = held.map_or((NOBODY, None), |held| (held.job, Some(held.into())));
            Slot { held, generation, job }
        });
        let table = Table { slots: slots.collect(), vacant, sequence, now };
        table.check_time(now).map_err(|_| Inconsistent("its time is out of range"))?;
        let mut unused = table.vacant.clone();
        unused.sort_unstable();
        let empty = (0u32..).zip(&table.slots).filter(|(_, slot)| slot.held.is_none());
        if !empty.map(|(index, _)| index).eq(unused) {
            return Err(Inconsistent("the vacant numbers are not those that nobody holds"));
        }
        let mut sequences: Vec<u64> =
            table.iter().map(|(slot, _)| table.job(slot).sequence).collect();
        sequences.sort_unstable();
        let unique = sequences.windows(2).all(|pair| pair[0] < pair[1]);
        if sequence > MAX_SEQUENCE {
            return Err(Inconsistent("more jobs were submitted than time allows"));
        }
        if !unique || sequences.last().is_some_and(|last| *last >= sequence) {
            return Err(Inconsistent("the order of submission is ambiguous"));
        }
        let mut used = 0u128;
        for (slot, held) in table.iter() {
            let job = table.job(slot);
            table
                .check_job(config.processors, &job.submission)
                .map_err(|_| Inconsistent("a job cannot run on the machine"))?;
            if !held.is_possible(job, now) {
                return Err(Inconsistent("a job is in an impossible state"));
            }
            if matches!(held.state, State::Running { .. }) && !held.claims(Claim::Released) {
                used += u128::from(job.submission.processors);
            }
        }
        if used > u128::from(config.processors) {
            return Err(Inconsistent("more processors are in use than there are"));
        }
        Ok(table)
    }
}

impl HeldSnapshot {
    const fn new(job: QueuedJob, held: Held) -> Self {
        let Held { state, first_prediction, corrections, started, worked } = held;
        Self { job, state, first_prediction, corrections, started, worked }
    }
}

impl From<HeldSnapshot> for Held {
    fn from(held: HeldSnapshot) -> Self {
        let HeldSnapshot { job: _, state, first_prediction, corrections, started, worked } = held;
        Self { state, first_prediction, corrections, started, worked }
    }
}

impl Held {
    fn claims(&self, wanted: Claim) -> bool {
        matches!(self.state, State::Running { claim, .. } if claim == wanted)
    }

    /// Whether the times of a job fit together.
    fn is_possible(&self, job: &QueuedJob, now: u64) -> bool {
        let estimate = job.submission.estimate;
        let predicted = (1..=estimate).contains(&job.predicted);
        let first = (1..=estimate).contains(&self.first_prediction);
        let state = match self.state {
            State::Queued { .. } => self.started || self.worked == 0,
            State::Running { since, expected_end, .. } => {
                let latest = since.saturating_add(estimate);
                self.started
                    && since <= now
                    && self.worked <= since
                    && since < expected_end
                    && expected_end <= latest
            }
        };
        predicted && first && state && job.submitted <= now && self.worked <= now
    }
}

fn check_version(version: u32) -> Result<(), Inconsistent> {
    if version == VERSION { Ok(()) } else { Err(Inconsistent("its version is unknown")) }
}

/// Of the layout of both.
const VERSION: u32 = 1;

/// What nobody has counted up to, with as many numbers left.
const MAX_SEQUENCE: u64 = 1 << 63;

/// Stands in the place of a job where a slot is vacant.
const NOBODY: QueuedJob =
    QueuedJob { submission: Submission::new(1, 1), submitted: 0, sequence: 0, predicted: 1 };
