//! What is looked at besides the answers to calls.

use apportion_wfq::{Activity, Error, Order, Then};

use super::model::{Doing, Entity};
use super::{Player, Refused, both};

impl Player {
    /// What the scheduler says of everybody at any time.
    pub(super) fn compare(&mut self) {
        let (scheduler, model) = (&self.scheduler, &self.model);
        assert_eq!(scheduler.in_service(), model.that(Doing::IsServed).count());
        // One that is throttled until the end of time stays so.
        let ends = model.now == u64::MAX;
        let next = scheduler.next_release(model.now);
        for entity in model.there() {
            let Entity { id, doing, budget, .. } = model.entities[entity];
            let expected = match doing {
                Doing::Gone | Doing::Sleeps => Activity::Asleep,
                Doing::IsServed => Activity::InService,
                Doing::Waits if model.is_spent(entity) => Activity::Throttled,
                Doing::Waits => Activity::Queued,
            };
            let said = scheduler.activity(id).expect("it is there");
            assert!(said == expected || ends && said == Activity::Throttled, "{said:?}");
            if said == Activity::Throttled {
                let release = budget.and_then(|budget| budget.release(model.now));
                assert!(release.is_none() || next.is_some_and(|next| Some(next) <= release));
            }
        }
        match scheduler.order() {
            Order::Eevdf => self.check_lags(),
            _ => self.check_time(),
        }
    }

    /// Nobody is owed anything that others have not had too much of.
    fn check_lags(&self) {
        let model = &self.model;
        let mut sums = vec![(0_i128, 0_i128); model.groups.len()];
        let entities = model.there().map(|entity| &model.entities[entity]);
        let entities = entities.map(|entity| (entity.id.into(), entity.parent));
        let groups = model.groups.iter().filter(|group| group.is_known);
        let groups = groups.map(|group| (group.id.into(), group.parent));
        for (member, parent) in entities.chain(groups) {
            let member: apportion_wfq::Member = member;
            if let Some(counter) = self.scheduler.counter(member).expect("it is there") {
                assert!(counter.remainder < counter.denominator);
                // There is no group at place 0 but one of another scheduler.
                let (sum, count) = &mut sums[parent.unwrap_or(0)];
                *sum += self.scheduler.lag(member).expect("it is there");
                *count += 1;
            }
        }
        for (sum, count) in sums {
            // Each is rounded down.
            assert!(-count < sum && sum <= 0 || count == 0, "{sum} for {count}");
        }
    }

    /// Virtual time does not go back, but by what was counted in advance for a group or has turned
    /// out to have been less.
    fn check_time(&mut self) {
        let now = self.scheduler.virtual_time(None).expect("the root is there");
        let back = self.time.wrapping_sub(now).cast_signed();
        assert!(back <= 0 || self.model.groups.len() > 1 || self.model.corrected, "{back} back");
        self.time = now;
    }

    /// Through text and back: it says the same of itself as before, and as one that was not saved.
    pub(super) fn save(&mut self) -> Refused {
        let text = serde_json::to_string(&self.restored).expect("it can be saved");
        self.restored = serde_json::from_str(&text).expect("what was saved can be restored");
        for scheduler in [&self.restored, &self.scheduler] {
            assert_eq!(serde_json::to_string(scheduler).expect("it can be saved"), text);
        }
        None
    }

    pub(super) fn look(&mut self, one: u8, other: u8) -> Refused {
        let (member, unknown, _) = self.model.member(one);
        let counter = both!(self, scheduler => scheduler.counter(member));
        assert_eq!(counter.err(), unknown);
        assert_eq!(both!(self, scheduler => scheduler.lag(member)).err(), unknown);
        assert_eq!(both!(self, scheduler => scheduler.weight(member)).err(), unknown);
        assert_eq!(both!(self, scheduler => scheduler.limit(member)).err(), unknown);
        let [waiting, served] = [one, other].map(|which| self.model.entity(which));
        let ids = [waiting, served].map(|entity| self.model.entities[entity].id);
        let unknown = self.model.unknown(waiting);
        assert_eq!(both!(self, scheduler => scheduler.deadline(ids[0])).err(), unknown);
        let is_served = self.model.entities[served].doing == Doing::IsServed;
        let idle = (!is_served).then_some(Error::NotInService { entity: ids[1] });
        let expected = unknown.or(self.model.unknown(served)).or(idle);
        let said = both!(self, scheduler => scheduler.would_preempt(ids[0], ids[1]));
        assert_eq!(said.err(), expected);
        if self.model.entities[waiting].doing != Doing::Waits {
            assert_ne!(said, Ok(true), "a hint to serve one that does not wait");
        }
        let group = self.model.group(other);
        let expected = self.model.unknown_group(group);
        let id = self.model.groups[group].id;
        let said = both!(self, scheduler => scheduler.virtual_time(Some(id)));
        assert_eq!(said.err(), expected);
        None
    }

    /// Whatever happened before, everybody can be charged, and then leave.
    pub(super) fn drain(&mut self) {
        self.save();
        let waiting: Vec<usize> = self.model.that(Doing::Waits).collect();
        for entity in waiting {
            assert_eq!(self.sleep(entity), None);
        }
        loop {
            let served: Vec<usize> = self.model.that(Doing::IsServed).collect();
            let refused =
                served.iter().filter(|&&entity| self.charge(entity, 1, Then::Sleep).is_some());
            let refused = refused.count();
            self.compare();
            if refused == 0 {
                break;
            }
            assert!(refused < served.len(), "nobody in service can be charged");
        }
        let there: Vec<usize> = self.model.there().collect();
        for entity in there {
            assert_eq!(self.remove(entity), None);
            self.compare();
        }
        // Later groups may be in earlier ones, and the other way round where numbers were reused.
        while self.model.groups_there() > 0 {
            for group in 0..self.model.groups.len() {
                if self.model.groups[group].is_known && self.model.members(group) == 0 {
                    assert_eq!(self.remove_group(group), None);
                }
            }
        }
        assert_eq!(both!(self, scheduler => scheduler.pick()), None);
    }
}
