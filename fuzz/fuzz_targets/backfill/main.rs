//! Arbitrary calls of a scheduler of any configuration, against what its documentation promises:
//! no call panics, a refused call says why and changes nothing, decisions are about the jobs they
//! may be about, and no job gets a processor that another one has.

#![no_main]

mod input;
mod model;

use std::fmt::Debug;

use apportion_backfill::{
    AsQueued, Backfill, BatchPolicy, Conservative, Depth, Error, JobId, JobOrder, MAX_PROCESSORS,
    Submission,
};
use libfuzzer_sys::fuzz_target;

use input::{Call, Input, Order, Policy, Predicting, Setup, When};
use model::{Model, Promises};

fuzz_target!(|input: Input| check(&input.setup, &input.calls.into_list()));

fn check(setup: &Setup, calls: &[Call]) {
    let (processors, release) = (setup.processors(), setup.release());
    let sizes = 1..=MAX_PROCESSORS;
    let too_large = (!sizes.contains(&processors)).then_some(Error::MachineSize { processors });
    match &setup.policy {
        Policy::Conservative => {
            let policy = Conservative::new(processors);
            assert_eq!(policy.as_ref().err(), too_large.as_ref());
            let Ok(policy) = policy else { return };
            let model = Model::new(processors, release, Promises::Conservative);
            play(policy.release_at_expected_end(release), model, calls);
        }
        Policy::Backfill(knobs) => {
            let (depth, preemptive) = (knobs.depth(), knobs.preemptive());
            let config = setup.config(knobs);
            assert_eq!(config.err(), too_large);
            let Ok(config) = config else { return };
            let predictor = Predicting::by(knobs.prediction);
            let forbidden = (preemptive && depth != Depth::Reservations(1))
                .then_some(Error::PreemptionDepth { depth });
            let promises = Promises::Backfill { depth, preemptive, queue: knobs.queue() };
            let model = Model::new(processors, release, promises);
            if let Some(scan) = knobs.scan {
                let policy = Backfill::with(config, knobs.queue(), scan, predictor);
                assert_eq!(policy.as_ref().err(), forbidden.as_ref());
                let Ok(policy) = policy else { return };
                play(policy, model, calls);
            } else {
                let policy = Backfill::with(config, knobs.queue(), AsQueued, predictor);
                assert_eq!(policy.as_ref().err(), forbidden.as_ref());
                let Ok(policy) = policy else { return };
                play(policy, model, calls);
            }
        }
    }
}

/// A scheduler under test.
trait Subject: BatchPolicy + Clone + Debug {
    /// Whether it can order its queue anew, and did.
    fn reorder(&mut self, order: Order) -> bool;

    /// The start that it promised to a queued job once and for all.
    fn promised(&self, job: JobId) -> Option<u64>;
}

impl<B: JobOrder + Clone + Debug> Subject for Backfill<Order, B, Predicting> {
    fn reorder(&mut self, order: Order) -> bool {
        self.set_queue_order(order);
        true
    }

    fn promised(&self, _: JobId) -> Option<u64> {
        None
    }
}

impl Subject for Conservative {
    fn reorder(&mut self, _: Order) -> bool {
        false
    }

    fn promised(&self, job: JobId) -> Option<u64> {
        Self::promised(self, job)
    }
}

fn play(mut policy: impl Subject, mut model: Model, calls: &[Call]) {
    for &call in calls {
        let at = |when: When| when.time(model.now(), policy.next_wakeup());
        let before = policy.clone();
        let done = match call {
            Call::ArriveSmall(processors, estimate) => {
                let job = Submission::new((processors % 16).into(), estimate.into());
                arrive(&mut policy, &mut model, job)
            }
            Call::Arrive(job) => arrive(&mut policy, &mut model, job.submission()),
            Call::Turn => turn(&mut policy, &mut model),
            Call::Submit(when, job) => {
                let now = at(when);
                model.submit(&mut policy, now, job.submission())
            }
            Call::Finish(when, pick) => {
                let now = at(when);
                model.pick(pick).map_or(Ok(()), |job| model.finish(&mut policy, now, job))
            }
            Call::Cancel(when, pick) => {
                let now = at(when);
                model.pick(pick).map_or(Ok(()), |job| model.cancel(&mut policy, now, job))
            }
            Call::Expire(when, pick) => {
                let now = at(when);
                model.pick(pick).map_or(Ok(()), |job| model.expire(&mut policy, now, job))
            }
            Call::Plan(when, pick) => {
                let now = at(when);
                model.pick(pick).map_or(Ok(()), |job| model.plan(&policy, now, job))
            }
            Call::Pass(when) => {
                let now = at(when);
                model.pass(&mut policy, now)
            }
            Call::Reorder(order) => {
                if policy.reorder(order) {
                    model.reordered(order);
                }
                Ok(())
            }
        };
        if done.is_err() {
            assert_eq!(format!("{policy:?}"), format!("{before:?}"), "a refusal left its mark");
        }
        model.compare(&policy);
    }
    drain(&mut policy, &mut model);
}

fn arrive(policy: &mut impl Subject, model: &mut Model, job: Submission) -> Result<(), Error> {
    let now = model.now();
    model.submit(policy, now, job)?;
    model.pass(policy, now)
}

/// Goes to the next expected end, where all jobs that are due end.
fn turn(policy: &mut impl Subject, model: &mut Model) -> Result<(), Error> {
    let now = policy.next_wakeup().unwrap_or(0).max(model.now());
    for (at, job) in model.due(now).into_iter().enumerate() {
        let done = model.finish(policy, now, job);
        assert!(at == 0 || done.is_ok(), "time is accepted once and then refused");
        done?;
    }
    model.pass(policy, now)
}

/// Whatever happened before: if all that runs ends again and again, all that waits gets its turn.
fn drain(policy: &mut impl Subject, model: &mut Model) {
    let now = model.now();
    model.pass(policy, now).expect("the time was accepted before");
    while !model.is_empty() {
        if turn(policy, model).is_err() {
            // Beyond the end of time.
            let now = model.now();
            for job in model.due(u64::MAX) {
                model.finish(policy, now, job).expect("it runs");
            }
            model.pass(policy, now).expect("the time was accepted before");
        }
        model.compare(policy);
    }
}
