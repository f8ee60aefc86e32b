use apportion_wfq::testkit::{Hierarchical, Limited, LimitedGroups, Numbered, ProportionalShare};
use apportion_wfq::{EntityId, Order, Scheduler};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What can be saved, and what of it is: handles outlive it.
pub(crate) trait Saved: LimitedGroups + Clone {
    type State: Serialize + DeserializeOwned;

    fn state(&mut self) -> &mut Self::State;

    fn scheduler(&self) -> &Scheduler;

    /// The handle of an entity, if there is one of that number.
    fn handle(&self, number: usize) -> Option<EntityId>;
}

impl Saved for Numbered {
    type State = Scheduler;

    fn state(&mut self) -> &mut Scheduler {
        &mut self.scheduler
    }

    fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    fn handle(&self, number: usize) -> Option<EntityId> {
        self.entity(number)
    }
}

/// A scheduler, and the same again that goes through text at every now and then.
pub(crate) struct Twice<S> {
    original: S,
    restored: S,
    entities: usize,
    calls: u64,
}

impl<S: Saved> Twice<S> {
    pub(crate) fn new(original: S) -> Self {
        Self { restored: original.clone(), original, entities: 0, calls: 0 }
    }

    fn both<T: PartialEq + std::fmt::Debug>(&mut self, call: impl Fn(&mut S) -> T) -> T {
        // Spread by multiplication (Knuth, TAOCP 3, 6.4): about one call in 32, never in step.
        self.calls += 1;
        if self.calls.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59 == 0 {
            self.save();
        }
        let said = call(&mut self.original);
        assert_eq!(call(&mut self.restored), said);
        said
    }

    fn save(&mut self) {
        let text = serde_json::to_string(self.restored.state()).expect("it can be saved");
        *self.restored.state() = serde_json::from_str(&text).expect("it was saved");
        assert_eq!(serde_json::to_string(self.original.state()).expect("it can be saved"), text);
        let (one, other) = (self.original.scheduler(), self.restored.scheduler());
        assert_eq!(one.virtual_time(None), other.virtual_time(None));
        for number in 0..self.entities {
            assert_eq!(self.restored.handle(number), self.original.handle(number));
            let Some(entity) = self.original.handle(number) else { continue };
            assert_eq!(one.counter(entity), other.counter(entity));
            assert_eq!(one.lag(entity), other.lag(entity));
            assert_eq!(one.deadline(entity), other.deadline(entity));
            assert_eq!(one.activity(entity), other.activity(entity));
        }
    }
}

impl<S: Saved> ProportionalShare for Twice<S> {
    fn add(&mut self, entity: usize, weight: u32) {
        self.entities = self.entities.max(entity + 1);
        self.both(|scheduler| scheduler.add(entity, weight));
    }

    fn remove(&mut self, entity: usize) {
        self.both(|scheduler| scheduler.remove(entity));
    }

    fn wake(&mut self, entity: usize) {
        self.both(|scheduler| scheduler.wake(entity));
    }

    fn sleep(&mut self, entity: usize) {
        self.both(|scheduler| scheduler.sleep(entity));
    }

    fn set_weight(&mut self, entity: usize, weight: u32) {
        self.both(|scheduler| scheduler.set_weight(entity, weight));
    }

    fn pick(&mut self) -> Option<usize> {
        self.both(S::pick)
    }

    fn charge(&mut self, entity: usize, used: u64, stays: bool) {
        self.both(|scheduler| scheduler.charge(entity, used, stays));
    }

    fn virtual_time(&self) -> Option<u128> {
        // The mean of EEVDF goes back when somebody comes who is owed.
        let is_monotone = self.original.scheduler().order() == Order::StartTime;
        self.original.virtual_time().filter(|_| is_monotone)
    }
}

impl<S: Saved> Hierarchical for Twice<S> {
    fn add_group(&mut self, group: usize, parent: Option<usize>, weight: u32) {
        self.both(|scheduler| scheduler.add_group(group, parent, weight));
    }

    fn add_to(&mut self, group: usize, entity: usize, weight: u32) {
        self.entities = self.entities.max(entity + 1);
        self.both(|scheduler| scheduler.add_to(group, entity, weight));
    }
}

impl<S: Saved> Limited for Twice<S> {
    fn limit(&mut self, entity: usize, quota: u64, period: u64, burst: u64) {
        self.both(|scheduler| scheduler.limit(entity, quota, period, burst));
    }

    fn advance(&mut self, now: u64) {
        self.both(|scheduler| scheduler.advance(now));
    }

    fn next_release(&self, now: u64) -> Option<u64> {
        let release = self.original.next_release(now);
        assert_eq!(self.restored.next_release(now), release);
        release
    }
}

impl<S: Saved> LimitedGroups for Twice<S> {
    fn limit_group(&mut self, group: usize, quota: u64, period: u64, burst: u64) {
        self.both(|scheduler| scheduler.limit_group(group, quota, period, burst));
    }
}
