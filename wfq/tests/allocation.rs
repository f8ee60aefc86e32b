//! Once room has been made, serving entities allocates nothing: an allocator that counts.

use apportion_testbed::{Counting, allocations};
use apportion_wfq::{EntityId, Limit, Order, Scheduler, Then, Weight};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A little generator of our own: the same turns everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % bound
    }

    fn choose(&mut self, entities: &[EntityId]) -> EntityId {
        entities[usize::try_from(self.below(entities.len() as u64)).unwrap()]
    }
}

/// Up to `servers` at once in service, entities that sleep, wake and change their weights, a third
/// of them with limits, all at the root: how often that allocated after `reserve`.
fn serve(order: Order, entities: usize, servers: usize) -> u64 {
    let mut scheduler = Scheduler::new(order);
    scheduler.reserve(entities);
    let mut random = Random(entities as u64);
    let mut known = Vec::with_capacity(entities);
    let mut open = Vec::with_capacity(servers);
    let mut turns = 0_u64;
    let mut count = allocations(|| {
        for _ in 0..entities {
            let weight = 1 << random.below(11);
            known.push(scheduler.add(Weight::new(weight).unwrap()).unwrap());
        }
    });
    for &entity in known.iter().step_by(3) {
        let quota = 1_000 + random.below(1_000);
        let limit = Limit::new(quota.try_into().unwrap(), 100.try_into().unwrap());
        scheduler.set_limit(entity, Some(limit)).unwrap();
    }
    count += allocations(|| {
        // All asleep, all awake, and back, twice: however the queues are built, they are built
        // here.
        for _ in 0..2 {
            for &entity in &known {
                scheduler.wake(entity).unwrap();
            }
            for &entity in &known {
                scheduler.sleep(entity).unwrap();
            }
        }
        for &entity in &known {
            scheduler.wake(entity).unwrap();
        }
        for now in 0..20 * entities.max(1_000) as u64 {
            scheduler.advance(now).unwrap();
            let entity = random.choose(&known);
            match random.below(8) {
                0 => drop(scheduler.wake(entity)),
                1 if random.below(4) == 0 => drop(scheduler.sleep(entity)),
                2 => {
                    let weight = 1 << random.below(11);
                    scheduler.set_weight(entity, Weight::new(weight).unwrap()).unwrap();
                }
                3 => drop(scheduler.correct(entity, random.below(9), random.below(9))),
                4 | 5 if !open.is_empty() => {
                    let which = usize::try_from(random.below(open.len() as u64)).unwrap();
                    let then = if random.below(4) == 0 { Then::Sleep } else { Then::Requeue };
                    let served = open.swap_remove(which);
                    scheduler.would_preempt(entity, served).unwrap();
                    scheduler.charge(served, random.below(1_000), then).unwrap();
                    turns += 1;
                }
                _ if open.len() < servers => {
                    open.extend(scheduler.pick().map(|pick| pick.entity));
                }
                _ => {}
            }
        }
    });
    assert!(turns > 1_000, "hardly anybody was served");
    count
}

#[test]
fn the_allocator_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1]))), 1);
}

#[test]
fn one_at_a_time_is_served_without_allocation() {
    for order in [Order::StartTime, Order::Eevdf] {
        for entities in [10, 100, 10_000] {
            assert_eq!(serve(order, entities, 1), 0, "{order:?}, {entities} entities");
        }
    }
}

#[test]
fn several_at_a_time_are_served_without_allocation() {
    for order in [Order::StartTime, Order::Eevdf] {
        for (entities, servers) in [(10, 4), (10, 10), (100, 64), (10_000, 64)] {
            let count = serve(order, entities, servers);
            assert_eq!(count, 0, "{order:?}, {entities} entities, {servers} in service");
        }
    }
}

/// However little room was asked for, and whatever was asked for before: all are served.
#[test]
fn room_makes_no_difference_to_who_is_served() {
    for order in [Order::StartTime, Order::Eevdf] {
        for room in (0..=9).chain([17, 1_023, 1_025]) {
            let mut scheduler = Scheduler::new(order);
            let group = scheduler.add_group(None, Weight::MIN).unwrap();
            scheduler.reserve(room);
            scheduler.reserve_in(group, room).unwrap();
            let known: Vec<_> = (0..1_200)
                .map(|number| {
                    let entity = match number % 2 {
                        0 => scheduler.add(Weight::MIN),
                        _ => scheduler.add_to(group, Weight::MIN),
                    };
                    scheduler.wake(entity.unwrap()).unwrap();
                    entity.unwrap()
                })
                .collect();
            scheduler.reserve(3_000);
            let mut served: Vec<_> = (0..600 * 601)
                .map(|_| {
                    let entity = scheduler.pick().expect("all wait").entity;
                    scheduler.charge(entity, 1, Then::Requeue).unwrap();
                    entity
                })
                .collect();
            served.sort_unstable_by_key(|entity| entity.index());
            served.dedup();
            assert_eq!(served.len(), known.len(), "{order:?}, room for {room}");
            let count = allocations(|| {
                for _ in 0..3_000 {
                    let entity = scheduler.add(Weight::MIN).unwrap();
                    scheduler.wake(entity).unwrap();
                }
            });
            assert_eq!(count, 0, "{order:?}, room for {room}");
        }
    }
}

/// The same in a group, for which room has been made.
#[test]
fn in_a_group_too() {
    for order in [Order::StartTime, Order::Eevdf] {
        let mut scheduler = Scheduler::new(order);
        let group = scheduler.add_group(None, Weight::MIN).unwrap();
        scheduler.reserve(500);
        scheduler.reserve_in(group, 500).unwrap();
        let mut known = Vec::with_capacity(500);
        let mut random = Random(5);
        let count = allocations(|| {
            for _ in 0..500 {
                let weight = Weight::new(1 << random.below(11)).unwrap();
                known.push(scheduler.add_to(group, weight).unwrap());
            }
            for _ in 0..3 {
                for &entity in &known {
                    scheduler.wake(entity).unwrap();
                }
                for _ in 0..10_000 {
                    let [one, two] = [(); 2].map(|()| scheduler.pick().unwrap().entity);
                    scheduler.charge(one, 1 + random.below(9), Then::Requeue).unwrap();
                    scheduler.charge(two, 1 + random.below(9), Then::Requeue).unwrap();
                }
                for &entity in &known {
                    scheduler.sleep(entity).unwrap();
                }
            }
        });
        assert_eq!(count, 0, "{order:?}");
    }
    let unknown = Scheduler::default().add_group(None, Weight::MIN).unwrap();
    assert!(Scheduler::default().reserve_in(unknown, 1).is_err());
}

/// As the crate says; a wheel for 100,000 is a small part of that.
#[test]
fn an_entity_takes_less_than_a_hundred_bytes() {
    for order in [Order::StartTime, Order::Eevdf] {
        let mut scheduler = Scheduler::new(order);
        scheduler.reserve(100_000);
        for _ in 0..100_000 {
            let entity = scheduler.add(Weight::MIN).unwrap();
            scheduler.wake(entity).unwrap();
        }
        assert!(scheduler.memory() <= 96 * 100_000, "{order:?}: {} bytes", scheduler.memory());
    }
}
