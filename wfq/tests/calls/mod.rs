//! Any calls of a scheduler, legal or not, and what a caller may expect of each: nothing panics, a
//! refused call says why and changes nothing, nobody is picked who may not run, and somebody is if
//! anybody may. A twin that is saved and restored now and then goes on as if it had not been.

mod input;
mod look;
mod model;

use std::num::NonZeroU64;

use apportion_wfq::{Error, Limit, MAX_CHARGE, Pick, Scheduler, Then, Weight};

pub(crate) use input::{Call, Setup};
use model::{Budget, Doing, Entity, Group, MOST, MOST_GROUPS, Model, Named};

/// Sets it up and makes the calls. Panics if anything is not as it should be.
pub(crate) fn play(setup: Setup, calls: &[Call]) {
    let mut player = Player::new(setup);
    for &call in calls {
        player.call(call);
    }
    player.drain();
}

struct Player {
    scheduler: Scheduler,
    /// The same, but that it has been saved and restored.
    restored: Scheduler,
    model: Model,
    /// Virtual time at the root.
    time: u64,
}

/// Makes a call on both, and returns what both said.
macro_rules! both {
    ($player:ident, $scheduler:ident => $call:expr) => {{
        let said = {
            let $scheduler = &mut $player.scheduler;
            $call
        };
        let $scheduler = &mut $player.restored;
        assert_eq!($call, said, "saved and restored, it goes on otherwise");
        said
    }};
}
use both;

/// What was expected of a call, or nothing if there was no call.
type Refused = Option<Error>;

impl Player {
    fn new(setup: Setup) -> Self {
        let scheduler = setup.scheduler();
        let model = Model::new(scheduler.quantum().get());
        let mut player = Self { restored: scheduler.clone(), scheduler, model, time: setup.start };
        for number in 0..setup.entities {
            if number % 16 == 3 {
                player.add_group((number % 4) * 3 + 1, 1);
            }
            let weight = 1 + u32::from(number) * u32::from(setup.weights);
            player.add(number, weight);
            player.wake(player.model.entities.len() - 1);
        }
        player
    }

    fn call(&mut self, call: Call) {
        let before = self.scheduler.clone();
        let model = &self.model;
        let refused = match call {
            Call::Add { group, weight } => self.add(group, weight),
            Call::AddGroup { parent, weight } => self.add_group(parent, weight),
            Call::Remove(entity) => self.remove(model.entity(entity)),
            Call::RemoveGroup(group) => self.remove_group(model.group(group)),
            Call::Wake(entity) => self.wake(model.entity(entity)),
            Call::Sleep(entity) => self.sleep(model.entity(entity)),
            Call::SetWeight { member, weight } => self.set_weight(member, weight),
            Call::SetRequest { entity, request } => self.set_request(model.entity(entity), request),
            Call::Pick => self.pick(),
            Call::Charge { place, used, then } => {
                let served: Vec<usize> = model.that(Doing::IsServed).collect();
                let entity = usize::from(place).checked_rem(served.len());
                entity.and_then(|place| self.charge(served[place], used, then))
            }
            Call::ChargeAny { entity, used, then } => self.charge(model.entity(entity), used, then),
            Call::Correct { entity, charged, used } => {
                self.correct(model.entity(entity), charged, used)
            }
            Call::SetLimit { member, limit } => self.set_limit(member, limit),
            Call::Advance(by) => self.advance(model.now.saturating_add(by)),
            Call::AdvanceTo(now) => self.advance(now),
            Call::AdvanceToRelease => {
                let now = model.now;
                let release = both!(self, scheduler => scheduler.next_release(now));
                release.and_then(|release| self.advance(release))
            }
            Call::Save => self.save(),
            Call::Look { one, other } => self.look(one, other),
        };
        if refused.is_some() {
            let text = |scheduler: &Scheduler| format!("{scheduler:?}");
            assert_eq!(text(&self.scheduler), text(&before), "{refused:?} left its mark");
        }
        self.compare();
    }

    fn add(&mut self, group: u8, weight: u32) -> Refused {
        let weight = new_weight(weight)?;
        if self.model.there().count() >= MOST {
            return None;
        }
        let parent = self.model.group_or_root(group);
        let expected = parent.and_then(|group| self.model.unknown_group(group));
        let id = parent.map(|group| self.model.groups[group].id);
        let said = both!(self, scheduler => match id {
            Some(group) => scheduler.add_to(group, weight),
            None => scheduler.add(weight),
        });
        assert_eq!(said.err(), expected);
        if let Ok(id) = said {
            assert!(self.model.entities.iter().all(|entity| entity.id != id), "given twice");
            let (doing, budget) = (Doing::Sleeps, None);
            self.model.entities.push(Entity { id, parent, doing, budget, charged: 0 });
        }
        expected
    }

    fn add_group(&mut self, parent: u8, weight: u32) -> Refused {
        let weight = new_weight(weight)?;
        if self.model.groups_there() >= MOST_GROUPS {
            return None;
        }
        let parent = self.model.group_or_root(parent);
        let expected = parent.and_then(|group| self.model.unknown_group(group));
        let id = parent.map(|group| self.model.groups[group].id);
        let said = both!(self, scheduler => scheduler.add_group(id, weight));
        assert_eq!(said.err(), expected);
        if let Ok(id) = said {
            assert!(self.model.groups.iter().all(|group| group.id != id), "given twice");
            self.model.groups.push(Group { id, parent, is_known: true, budget: None });
        }
        expected
    }

    fn remove(&mut self, entity: usize) -> Refused {
        let expected = self.model.unknown_or_served(entity);
        let id = self.model.entities[entity].id;
        assert_eq!(both!(self, scheduler => scheduler.remove(id)).err(), expected);
        if expected.is_none() {
            self.model.entities[entity].doing = Doing::Gone;
        }
        expected
    }

    fn remove_group(&mut self, group: usize) -> Refused {
        let members = self.model.members(group);
        let id = self.model.groups[group].id;
        let full = (members > 0).then_some(Error::GroupNotEmpty { group: id, members });
        let expected = self.model.unknown_group(group).or(full);
        assert_eq!(both!(self, scheduler => scheduler.remove_group(id)).err(), expected);
        if expected.is_none() {
            self.model.groups[group].is_known = false;
        }
        expected
    }

    fn wake(&mut self, entity: usize) -> Refused {
        let Entity { id, doing, .. } = self.model.entities[entity];
        let awake = (doing == Doing::Waits).then_some(Error::AlreadyAwake { entity: id });
        let expected = self.model.unknown_or_served(entity).or(awake);
        assert_eq!(both!(self, scheduler => scheduler.wake(id)).err(), expected);
        if expected.is_none() {
            self.model.entities[entity].doing = Doing::Waits;
        }
        expected
    }

    fn sleep(&mut self, entity: usize) -> Refused {
        let Entity { id, doing, .. } = self.model.entities[entity];
        let asleep = (doing == Doing::Sleeps).then_some(Error::AlreadyAsleep { entity: id });
        let expected = self.model.unknown_or_served(entity).or(asleep);
        assert_eq!(both!(self, scheduler => scheduler.sleep(id)).err(), expected);
        if expected.is_none() {
            self.model.entities[entity].doing = Doing::Sleeps;
        }
        expected
    }

    fn set_weight(&mut self, member: u8, weight: u32) -> Refused {
        let weight = new_weight(weight)?;
        let (member, expected, _) = self.model.member(member);
        let said = both!(self, scheduler => scheduler.set_weight(member, weight));
        assert_eq!(said.err(), expected);
        if expected.is_none() {
            assert_eq!(self.scheduler.weight(member), Ok(weight));
        }
        expected
    }

    fn set_request(&mut self, entity: usize, request: u64) -> Refused {
        let request = NonZeroU64::new(request)?;
        let quantum = request.get();
        let large = (quantum > MAX_CHARGE).then_some(Error::QuantumTooLarge { quantum });
        let expected = self.model.unknown(entity).or(large);
        let id = self.model.entities[entity].id;
        assert_eq!(both!(self, scheduler => scheduler.set_request(id, request)).err(), expected);
        expected
    }

    fn pick(&mut self) -> Refused {
        let said = both!(self, scheduler => scheduler.pick());
        let Some(Pick { entity: id, slice, counter, .. }) = said else {
            // A release at the end of time never comes.
            let idle = self.model.now < u64::MAX;
            let waits = |&entity: &usize| self.model.may_serve(entity) == Some(true);
            let waiting = self.model.that(Doing::Waits).find(waits);
            assert!(!idle || waiting.is_none(), "nobody is picked, and {waiting:?} waits");
            return None;
        };
        let entity = self.model.find(id).expect("one that is there is picked");
        assert_eq!(self.model.entities[entity].doing, Doing::Waits);
        assert_ne!(self.model.may_serve(entity), Some(false), "over a limit");
        assert!((1..=MAX_CHARGE).contains(&slice));
        let known = self.scheduler.counter(id).expect("it is known");
        assert_eq!(known.map(|known| known.units), Some(counter));
        self.model.entities[entity].doing = Doing::IsServed;
        None
    }

    fn charge(&mut self, entity: usize, used: u64, then: Then) -> Refused {
        let Entity { id, doing, .. } = self.model.entities[entity];
        let large = used > MAX_CHARGE;
        let large = large.then_some(Error::ChargeTooLarge { entity: id, used });
        let served = doing == Doing::IsServed;
        let idle = (!served).then_some(Error::NotInService { entity: id });
        let expected = self.model.unknown(entity).or(large).or(idle);
        let said = both!(self, scheduler => scheduler.charge(id, used, then)).err();
        let used = used.max(1);
        if self.is_excess(expected, said, used) {
            return said;
        }
        assert_eq!(said, expected);
        if expected.is_none() {
            self.model.spend(entity, used);
            self.model.entities[entity].doing = match then {
                Then::Requeue => Doing::Waits,
                Then::Sleep => Doing::Sleeps,
                Then::Remove => Doing::Gone,
            };
        }
        expected
    }

    fn correct(&mut self, entity: usize, charged: u64, used: u64) -> Refused {
        let Entity { id, charged: known, .. } = self.model.entities[entity];
        // Nobody is given back what it was not charged.
        let charged = if charged > MAX_CHARGE { charged } else { charged.min(known) };
        let large = [charged, used].into_iter().find(|&used| used > MAX_CHARGE);
        let large = large.map(|used| Error::ChargeTooLarge { entity: id, used });
        let expected = self.model.unknown_or_served(entity).or(large);
        let said = both!(self, scheduler => scheduler.correct(id, charged, used)).err();
        if self.is_excess(expected, said, used.abs_diff(charged)) {
            return said;
        }
        assert_eq!(said, expected);
        if expected.is_none() {
            self.model.corrected = true;
            self.model.entities[entity].charged = known - charged + used;
            self.model.total += u128::from(used.abs_diff(charged));
        }
        expected
    }

    /// Whether it was refused as too far away from others, and can have been.
    fn is_excess(&self, expected: Refused, said: Refused, by: u64) -> bool {
        let Some(Error::SpanExceeded { used, .. }) = said else { return false };
        assert!(expected.is_none() && used == by && self.model.may_exceed(by));
        true
    }

    fn set_limit(&mut self, member: u8, limit: Option<Limit>) -> Refused {
        let (member, expected, named) = self.model.member(member);
        let said = both!(self, scheduler => scheduler.set_limit(member, limit));
        assert_eq!(said.err(), expected);
        if expected.is_none() {
            assert_eq!(self.scheduler.limit(member), Ok(limit));
            let budget = limit.map(|limit| Budget::new(limit, self.model.now));
            match named {
                Named::Entity(entity) => self.model.entities[entity].budget = budget,
                Named::Group(group) => self.model.groups[group].budget = budget,
            }
        }
        expected
    }

    fn advance(&mut self, now: u64) -> Refused {
        let last = self.model.now;
        let expected = (now < last).then_some(Error::TimeWentBack { now, last });
        assert_eq!(both!(self, scheduler => scheduler.advance(now)).err(), expected);
        if expected.is_none() {
            self.model.now = now;
        }
        expected
    }
}

fn new_weight(weight: u32) -> Option<Weight> {
    let known = Weight::new(weight);
    let expected = (1..=1 << 20).contains(&weight);
    assert_eq!(known.err(), (!expected).then_some(Error::WeightOutOfRange { weight }));
    known.ok()
}
