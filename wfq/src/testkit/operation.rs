use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::{Strategy, any, prop_oneof};
use quickcheck::{Arbitrary, Gen};

/// One step. [`Driver::play`](super::Driver::play) skips those that are not legal when their turn
/// comes, so that any sequence of them can be played on any scheduler.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// A new entity, asleep; in a group, if that exists.
    Add {
        /// Its number.
        entity: usize,
        /// Where.
        group: Option<usize>,
        /// From 1.
        weight: u32,
    },
    /// A new group, with the next free number.
    AddGroup {
        /// Where.
        parent: Option<usize>,
        /// From 1.
        weight: u32,
    },
    /// Forgets an entity.
    Remove {
        /// Which.
        entity: usize,
    },
    /// A sleeping entity becomes runnable.
    Wake {
        /// Which.
        entity: usize,
    },
    /// A runnable entity falls asleep.
    Sleep {
        /// Which.
        entity: usize,
    },
    /// Another weight.
    SetWeight {
        /// Of which entity.
        entity: usize,
        /// From 1.
        weight: u32,
    },
    /// Another weight.
    SetGroupWeight {
        /// Of which group.
        group: usize,
        /// From 1.
        weight: u32,
    },
    /// Another weight and at once the old one again, which is to change nothing.
    RoundTrip {
        /// Of which entity.
        entity: usize,
        /// The weight in between.
        weight: u32,
    },
    /// Asks who is served next.
    Pick,
    /// Ends a service.
    Charge {
        /// Which of those in service, counted round in order of picks.
        place: usize,
        /// Service used, from 1.
        used: u64,
        /// Whether the entity stays runnable.
        stays: bool,
    },
    /// Limits an entity, or replaces its limit.
    Limit {
        /// Which.
        entity: usize,
        /// Service in each period, from 1.
        quota: u64,
        /// Ticks, from 1.
        period: u64,
        /// Service that may be saved up.
        burst: u64,
    },
    /// Limits a group.
    LimitGroup {
        /// Which.
        group: usize,
        /// Service in each period, from 1.
        quota: u64,
        /// Ticks, from 1.
        period: u64,
        /// Service that may be saved up.
        burst: u64,
    },
    /// Time passes.
    Advance {
        /// Ticks.
        by: u64,
    },
    /// Time passes until the next release, if somebody is throttled.
    AdvanceToRelease,
}

/// Operations to be played in this order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Operations(pub Vec<Operation>);

/// Sequences of at most `length` operations on at most `entities` entities: weights and charges
/// small, so that ties abound, or of any size; sleepers, reweights, limits, groups. The scheduler
/// under test need not know of all that: what it does not offer is skipped.
pub fn operations(entities: usize, length: usize) -> impl Strategy<Value = Operations> {
    let entities = entities.max(1);
    let begin = proptest::collection::vec((operation(entities), 1u32..4), 1..=entities);
    let then = proptest::collection::vec(operation(entities), 0..=length);
    (begin, then).prop_map(move |(begin, mut then)| {
        // Somebody to begin with; not all of them at the root.
        let mut all = Vec::new();
        for (number, (_, weight)) in begin.iter().enumerate() {
            all.push(Operation::Add { entity: number, group: None, weight: *weight });
            all.push(Operation::Wake { entity: number });
        }
        all.extend(begin.into_iter().map(|(operation, _)| operation));
        all.append(&mut then);
        all.truncate(length);
        Operations(all)
    })
}

fn operation(entities: usize) -> impl Strategy<Value = Operation> {
    let weight = || prop_oneof![6 => 1u32..5, 2 => 1u32..1000, 1 => 1u32..=1 << 20];
    let used = prop_oneof![6 => 1u64..5, 2 => 1u64..1000, 1 => 1u64..1 << 62];
    let entity = move || 0..entities;
    let group = || proptest::option::weighted(0.4, 0usize..3);
    let limit = || (1u64..10, 1u64..10, 0u64..10);
    prop_oneof![
        12 => any::<bool>().prop_map(|_| Operation::Pick),
        12 => (0usize..4, used, proptest::bool::weighted(0.8))
            .prop_map(|(place, used, stays)| Operation::Charge { place, used, stays }),
        2 => (entity(), group(), weight())
            .prop_map(|(entity, group, weight)| Operation::Add { entity, group, weight }),
        1 => (group(), weight()).prop_map(|(parent, weight)| Operation::AddGroup { parent, weight }),
        1 => entity().prop_map(|entity| Operation::Remove { entity }),
        4 => entity().prop_map(|entity| Operation::Wake { entity }),
        2 => entity().prop_map(|entity| Operation::Sleep { entity }),
        2 => (entity(), weight())
            .prop_map(|(entity, weight)| Operation::SetWeight { entity, weight }),
        1 => (0usize..3, weight())
            .prop_map(|(group, weight)| Operation::SetGroupWeight { group, weight }),
        1 => (entity(), weight())
            .prop_map(|(entity, weight)| Operation::RoundTrip { entity, weight }),
        1 => (entity(), limit()).prop_map(|(entity, (quota, period, burst))| {
            Operation::Limit { entity, quota, period, burst }
        }),
        1 => (0usize..3, limit()).prop_map(|(group, (quota, period, burst))| {
            Operation::LimitGroup { group, quota, period, burst }
        }),
        3 => (0u64..8).prop_map(|by| Operation::Advance { by }),
        1 => any::<bool>().prop_map(|_| Operation::AdvanceToRelease),
    ]
}

impl Arbitrary for Operations {
    /// Up to four times as many operations as the size of the source, on up to 8 entities.
    fn arbitrary(source: &mut Gen) -> Self {
        let most = u64::try_from(source.size()).unwrap_or(u64::MAX).saturating_mul(4);
        let mut draw = |below: u64| u64::arbitrary(source) % below;
        let (seed, length) = (draw(u64::MAX), draw(most.saturating_add(1)));
        let profile = super::Profile::start_time().entities(8);
        let mut episode = super::Episode::restless(seed, &profile, super::Offers::all());
        let mut busy = 0;
        let all = (0..length).map(|_| {
            let operation = episode.next(busy, false);
            busy = usize::from(operation == Operation::Pick);
            operation
        });
        Self(all.collect())
    }

    /// Fewer operations.
    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let all = self.0.clone();
        let count = all.len();
        let halves = [(count / 2, count), (0, count / 2)];
        let quarters = (0..4).map(move |at| (count * at / 4, count * (at + 1) / 4));
        let each = (0..count).rev().map(|at| (at, at + 1));
        let cuts = halves.into_iter().chain(quarters).chain(each).filter(|cut| cut.0 < cut.1);
        Box::new(cuts.map(move |(from, until)| {
            let kept = all.iter().enumerate().filter(|(at, _)| !(from..until).contains(at));
            Self(kept.map(|(_, operation)| *operation).collect())
        }))
    }
}
