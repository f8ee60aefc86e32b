//! Several entities in service at once, and hints to preempt one of them.

use std::collections::{BTreeMap, BTreeSet};

use apportion_wfq::{Activity, EntityId, Error, GroupId, Order, Scheduler, Then, Weight};

const ORDERS: [Order; 2] = [Order::StartTime, Order::Eevdf];

fn weight(weight: u32) -> Weight {
    Weight::new(weight).unwrap()
}

fn awake(scheduler: &mut Scheduler, group: Option<GroupId>, value: u32) -> EntityId {
    let entity = match group {
        Some(group) => scheduler.add_to(group, weight(value)).unwrap(),
        None => scheduler.add(weight(value)).unwrap(),
    };
    scheduler.wake(entity).unwrap();
    entity
}

/// So many CPUs, each busy with one entity for as long as `length` says of its turn. How much each
/// entity got.
fn serve(
    scheduler: &mut Scheduler,
    cpus: usize,
    turns: u64,
    length: impl Fn(u64) -> u64,
) -> BTreeMap<EntityId, u64> {
    // By the time when they will be free.
    let mut busy: BTreeMap<(u64, u64), (EntityId, u64)> = BTreeMap::new();
    let mut counts = BTreeMap::new();
    let mut now = 0;
    for turn in 0..turns {
        while busy.len() < cpus
            && let Some(pick) = scheduler.pick()
        {
            assert!(busy.values().all(|&(other, _)| other != pick.entity), "picked twice");
            assert_eq!(scheduler.activity(pick.entity), Ok(Activity::InService));
            let number = turn + busy.len() as u64;
            busy.insert((now + length(number), number), (pick.entity, length(number)));
        }
        assert_eq!(scheduler.in_service(), busy.len());
        let ((end, _), (entity, used)) = busy.pop_first().unwrap();
        now = end;
        scheduler.charge(entity, used, Then::Requeue).unwrap();
        *counts.entry(entity).or_insert(0) += used;
    }
    counts
}

fn total(counts: &BTreeMap<EntityId, u64>, of: &[EntityId]) -> u64 {
    of.iter().filter_map(|entity| counts.get(entity)).sum()
}

#[test]
fn four_cpus_are_shared_by_groups_not_by_heads() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let [x, y] = [(); 2].map(|()| scheduler.add_group(None, weight(1)).unwrap());
        let few: Vec<_> = (0..4).map(|_| awake(&mut scheduler, Some(x), 1)).collect();
        let many: Vec<_> = (0..12).map(|_| awake(&mut scheduler, Some(y), 1)).collect();
        let counts = serve(&mut scheduler, 4, 9_600, |_| 1);
        let [few_got, many_got] = [&few, &many].map(|members| total(&counts, members));
        assert_eq!(few_got + many_got, 9_600);
        assert!(few_got.abs_diff(many_got) <= 4, "{order:?}: {few_got}, {many_got}");
        for entity in few {
            assert!(counts[&entity].abs_diff(1_200) <= 4, "{order:?}: {counts:?}");
        }
        for entity in many {
            assert!(counts[&entity].abs_diff(400) <= 4, "{order:?}: {counts:?}");
        }
    }
}

#[test]
fn services_of_all_lengths_are_shared_as_well() {
    for order in ORDERS {
        let mut scheduler = Scheduler::with_quantum(order, 8.try_into().unwrap()).unwrap();
        let x = scheduler.add_group(None, weight(1)).unwrap();
        let y = scheduler.add_group(None, weight(3)).unwrap();
        let inner = scheduler.add_group(Some(y), weight(2)).unwrap();
        let [few, some, others] = [x, inner, y]
            .map(|group| (0..4).map(|_| awake(&mut scheduler, Some(group), 1)).collect::<Vec<_>>());
        let counts = serve(&mut scheduler, 4, 60_000, |turn| 1 + turn * 7 % 8);
        let all: u64 = counts.values().sum();
        let [few, some, others] = [few, some, others].map(|of| total(&counts, &of));
        // 1/4; of the other 3/4, 2 to 4 of weight 1: four members beside the inner group.
        assert!((4 * few).abs_diff(all) <= 400, "{order:?}: {few} of {all}");
        assert!((4 * some).abs_diff(all) <= 400, "{order:?}: {some} of {all}");
        assert!((2 * others).abs_diff(all) <= 400, "{order:?}: {others} of {all}");
    }
}

/// One entity is on one CPU at a time: what it cannot use is not owed to it for ever.
#[test]
fn who_cannot_use_a_share_leaves_it_to_others() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let x = scheduler.add_group(None, weight(1)).unwrap();
        let single = awake(&mut scheduler, Some(x), 1);
        let others: Vec<_> = (0..8).map(|_| awake(&mut scheduler, None, 1)).collect();
        scheduler.set_weight(single, weight(1)).unwrap();
        scheduler.set_weight(x, weight(1_000)).unwrap();
        let counts = serve(&mut scheduler, 4, 4_000, |_| 1);
        assert!(counts[&single].abs_diff(1_000) <= 4, "{order:?}: {counts:?}");
        for other in others {
            assert!(counts[&other].abs_diff(375) <= 4, "{order:?}: {counts:?}");
        }
    }
}

#[test]
fn everybody_may_be_in_service() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let group = scheduler.add_group(None, weight(1)).unwrap();
        let mut expected = BTreeSet::new();
        for parent in [None, Some(group), Some(group), None, Some(group)] {
            expected.insert(awake(&mut scheduler, parent, 1));
        }
        let picked: BTreeSet<_> =
            core::iter::from_fn(|| scheduler.pick()).map(|pick| pick.entity).collect();
        assert_eq!(picked, expected);
        assert_eq!((scheduler.in_service(), scheduler.pick()), (5, None));
        // In any order, to sleep or to leave.
        for (index, &entity) in picked.iter().rev().enumerate() {
            let then = if index % 2 == 0 { Then::Sleep } else { Then::Remove };
            scheduler.charge(entity, 3, then).unwrap();
        }
        assert_eq!((scheduler.in_service(), scheduler.pick()), (0, None));
    }
}

#[test]
fn a_hint_to_preempt_in_start_time_order() {
    let mut scheduler = Scheduler::default();
    let a = awake(&mut scheduler, None, 1);
    let [light, heavy] = [1, 2].map(|value| scheduler.add(weight(value)).unwrap());
    assert_eq!(scheduler.would_preempt(light, a), Err(Error::NotInService { entity: a }));
    assert_eq!(scheduler.pick().unwrap().entity, a);
    assert_eq!(scheduler.would_preempt(heavy, a), Ok(false), "it sleeps");
    for entity in [light, heavy] {
        scheduler.wake(entity).unwrap();
    }
    // All start at the same counter; of a quantum each, that of the heavy one is over first.
    assert_eq!(scheduler.would_preempt(light, a), Ok(false));
    assert_eq!(scheduler.would_preempt(heavy, a), Ok(true));
    assert_eq!(scheduler.would_preempt(a, a), Ok(false));
    // A hint: it changes nothing.
    assert_eq!(scheduler.activity(heavy), Ok(Activity::Queued));
    scheduler.charge(a, 1, Then::Requeue).unwrap();
    assert_eq!(scheduler.pick().unwrap().entity, light);
    // A is ahead by a unit now: it need not hurry.
    assert_eq!(scheduler.would_preempt(a, light), Ok(false));
}

#[test]
fn a_hint_to_preempt_by_deadline() {
    let mut scheduler = Scheduler::with_quantum(Order::Eevdf, 10.try_into().unwrap()).unwrap();
    let a = awake(&mut scheduler, None, 1);
    let short = scheduler.add(weight(1)).unwrap();
    scheduler.set_request(short, 2.try_into().unwrap()).unwrap();
    let long = awake(&mut scheduler, None, 1);
    assert_eq!(scheduler.pick().unwrap().entity, a);
    scheduler.wake(short).unwrap();
    assert_eq!(scheduler.deadline(a).unwrap(), 10 << 20);
    assert_eq!(scheduler.deadline(short).unwrap(), 2 << 20);
    assert_eq!(scheduler.would_preempt(short, a), Ok(true));
    assert_eq!(scheduler.would_preempt(long, a), Ok(false), "not earlier");
    scheduler.charge(a, 1, Then::Requeue).unwrap();
    assert_eq!(scheduler.pick().unwrap().entity, short);
    assert_eq!(scheduler.pick().unwrap().entity, long);
    assert_eq!(scheduler.would_preempt(a, long), Ok(false), "not eligible");
}

/// What counts is what they do not have in common.
#[test]
fn a_hint_to_preempt_compares_groups() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let heavy = scheduler.add_group(None, weight(4)).unwrap();
        let light = scheduler.add_group(None, weight(2)).unwrap();
        let nested = scheduler.add_group(Some(light), weight(9)).unwrap();
        let served = awake(&mut scheduler, Some(nested), 100);
        assert_eq!(scheduler.pick().unwrap().entity, served);
        // Its group at the top weighs 2, the one in that 9.
        for (parent, value, preempts) in [
            (Some(heavy), 1, true),
            (None, 3, true),
            (None, 1, false),
            (Some(light), 10, true),
            (Some(light), 1, false),
        ] {
            let waiting = awake(&mut scheduler, parent, value);
            assert_eq!(scheduler.would_preempt(waiting, served), Ok(preempts), "{order:?}");
        }
    }
}
