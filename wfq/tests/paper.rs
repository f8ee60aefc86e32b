//! Worked examples with their counters, claims of the papers, and counters at their extremes.

use std::collections::BTreeMap;

use apportion_wfq::{EntityId, MAX_CHARGE, Member, Order, Scheduler, Then, Weight};

const ORDERS: [Order; 2] = [Order::StartTime, Order::Eevdf];

fn weight(weight: u32) -> Weight {
    Weight::new(weight).unwrap()
}

/// A counter of so many units of service at weight 1.
fn at(counter: u64) -> (u64, u32) {
    (counter << 20, 0)
}

fn awake<const N: usize>(scheduler: &mut Scheduler, weights: [u32; N]) -> [EntityId; N] {
    weights.map(|value| {
        let entity = scheduler.add(weight(value)).unwrap();
        scheduler.wake(entity).unwrap();
        entity
    })
}

/// Serves somebody for `used`; whom.
fn turn(scheduler: &mut Scheduler, used: u64, then: Then) -> EntityId {
    let entity = scheduler.pick().unwrap().entity;
    scheduler.charge(entity, used, then).unwrap();
    entity
}

/// Who is served in so many turns of one unit: A is the first entity, and so on.
fn turns(scheduler: &mut Scheduler, count: usize) -> String {
    let letter = |entity: EntityId| char::from(b'A' + u8::try_from(entity.index()).unwrap());
    (0..count).map(|_| letter(turn(scheduler, 1, Then::Requeue))).collect()
}

/// Whole units and parts of one.
fn shown(scheduler: &Scheduler, member: impl Into<Member>) -> Option<(u64, u32)> {
    scheduler.counter(member).unwrap().map(|counter| (counter.units, counter.remainder))
}

fn counters<const N: usize>(scheduler: &Scheduler, entities: [EntityId; N]) -> [(u64, u32); N] {
    entities.map(|entity| shown(scheduler, entity).unwrap())
}

#[test]
fn example_1_turns_by_weight() {
    let mut scheduler = Scheduler::default();
    let entities = awake(&mut scheduler, [1, 2]);
    assert_eq!(turns(&mut scheduler, 6), "ABBABB");
    assert_eq!(counters(&scheduler, entities), [at(2); 2]);

    let mut scheduler = Scheduler::default();
    let entities = awake(&mut scheduler, [3, 2, 1]);
    assert_eq!(turns(&mut scheduler, 1), "A");
    assert_eq!(counters(&scheduler, entities), [((1 << 20) / 3, 1), at(0), at(0)]);
    assert_eq!(turns(&mut scheduler, 5), "BCABA");
    assert_eq!(counters(&scheduler, entities), [at(1); 3]);

    let mut scheduler = Scheduler::default();
    let entities = awake(&mut scheduler, [1, 2, 4]);
    assert_eq!(turns(&mut scheduler, 7), "ABCCBCC");
    assert_eq!(counters(&scheduler, entities), [at(1); 3]);
}

/// As for 1:2:4 in start-time order after 7 turns: exact over any number of rounds, in both.
#[test]
fn example_1_counts_are_exact_after_7000_turns() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let entities = awake(&mut scheduler, [1, 2, 4]);
        let mut counts = BTreeMap::new();
        for _ in 0..7_000 {
            *counts.entry(turn(&mut scheduler, 1, Then::Requeue)).or_insert(0) += 1;
        }
        assert_eq!(entities.map(|entity| counts[&entity]), [1_000, 2_000, 4_000]);
    }
}

/// A has had 1, and sleeps until B is at 10.
fn sleeper() -> (Scheduler, [EntityId; 2]) {
    let mut scheduler = Scheduler::default();
    let [a, b] = awake(&mut scheduler, [1, 1]);
    assert_eq!(turn(&mut scheduler, 1, Then::Sleep), a);
    assert_eq!(turns(&mut scheduler, 10), "BBBBBBBBBB");
    assert_eq!(counters(&scheduler, [a, b]), [at(1), at(10)]);
    (scheduler, [a, b])
}

#[test]
fn example_2_a_sleeper_catches_up_with_virtual_time() {
    let (mut scheduler, [a, b]) = sleeper();
    scheduler.wake(a).unwrap();
    assert_eq!(counters(&scheduler, [a, b]), [at(10); 2]);
    assert_eq!(turns(&mut scheduler, 10), "ABABABABAB");
    assert_eq!(counters(&scheduler, [a, b]), [at(15); 2]);
}

/// The formula as it is often printed raises a counter when it is charged, to the least of the
/// others. What it gives to the sleeper for nothing, we do not.
#[test]
fn example_3_the_clamp_is_not_at_the_charge() {
    let (mut scheduler, [a, _]) = sleeper();
    scheduler.wake(a).unwrap();
    let mut wrong = [1, 10];
    let picks: String = (0..6)
        .map(|_| {
            let next = usize::from(wrong[1] < wrong[0]);
            wrong[next] = (wrong[next] + 1).max(wrong[1 - next]);
            ['A', 'B'][next]
        })
        .collect();
    assert_eq!(picks, "AABABA");
    assert_eq!(turns(&mut scheduler, 6), "ABABAB");
}

#[test]
fn example_4_virtual_time_stays_when_everybody_blocks() {
    let mut scheduler = Scheduler::default();
    let [a, b, c] = awake(&mut scheduler, [1, 1, 1]);
    scheduler.sleep(c).unwrap();
    assert_eq!(turn(&mut scheduler, 4, Then::Requeue), a);
    assert_eq!(turn(&mut scheduler, 9, Then::Sleep), b);
    assert_eq!(scheduler.virtual_time(None), Ok(4 << 20));
    scheduler.sleep(a).unwrap();
    // The largest finish tag so far.
    assert_eq!(scheduler.virtual_time(None), Ok(9 << 20));
    assert_eq!(scheduler.pick(), None);
    scheduler.wake(c).unwrap();
    let [d] = awake(&mut scheduler, [1]);
    scheduler.wake(a).unwrap();
    assert_eq!(counters(&scheduler, [a, c, d]), [at(9); 3]);
    assert_eq!(turns(&mut scheduler, 6), "ACDACD");
}

#[test]
fn example_5_who_joins_starts_at_virtual_time() {
    let mut scheduler = Scheduler::default();
    let [a] = awake(&mut scheduler, [1]);
    let first = turns(&mut scheduler, 6);
    let [b] = awake(&mut scheduler, [1]);
    assert_eq!(counters(&scheduler, [a, b]), [at(6); 2]);
    let second = turns(&mut scheduler, 6);
    let [c] = awake(&mut scheduler, [1]);
    assert_eq!(counters(&scheduler, [a, b, c]), [at(9); 3]);
    let all = first + &second + &turns(&mut scheduler, 6);
    let counts = ["A", "B", "C"].map(|entity| all.matches(entity).count());
    assert_eq!(counts, [11, 5, 2]);
    assert_eq!(counters(&scheduler, [a, b, c]), [at(11); 3]);
}

#[test]
fn example_6_containers() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let [x, y] = [(); 2].map(|()| scheduler.add_group(None, weight(1)).unwrap());
        let processes = [x, x, y].map(|group| {
            let process = scheduler.add_to(group, weight(1)).unwrap();
            scheduler.wake(process).unwrap();
            process
        });
        let counts = |scheduler: &mut Scheduler| {
            let mut counts = BTreeMap::new();
            for _ in 0..400 {
                *counts.entry(turn(scheduler, 1, Then::Requeue)).or_insert(0) += 1;
            }
            processes.map(|process| counts.get(&process).copied().unwrap_or(0))
        };
        assert_eq!(counts(&mut scheduler), [100, 100, 200]);
        if order == Order::StartTime {
            assert_eq!(counters(&scheduler, processes), [at(100), at(100), at(200)]);
            assert_eq!([x, y].map(|group| shown(&scheduler, group)), [Some(at(200)); 2]);
        }
        scheduler.sleep(processes[0]).unwrap();
        assert_eq!(counts(&mut scheduler), [0, 200, 200]);
        scheduler.sleep(processes[1]).unwrap();
        assert_eq!(counts(&mut scheduler), [0, 0, 400]);
    }
}

/// Stoica and Abdel-Wahab's order keeps everybody within a quantum of the ideal; Goyal, Vin and
/// Cheng's lets half of those who are there be served before the one who is to have half.
#[test]
fn one_of_weight_100_against_100_of_weight_1() {
    let most_owed = |order| {
        let mut scheduler = Scheduler::new(order);
        let [heavy] = awake(&mut scheduler, [100]);
        awake(&mut scheduler, [1; 100]);
        let (mut served, mut most) = (0, 0);
        for turns in 1..=2_000 {
            served += i64::from(turn(&mut scheduler, 1, Then::Requeue) == heavy);
            most = most.max(turns - 2 * served);
            if order == Order::Eevdf {
                assert!(scheduler.lag(heavy).unwrap().abs() < 1 << 20);
            }
        }
        most
    };
    assert_eq!(most_owed(Order::StartTime), 99, "49.5 quanta");
    assert_eq!(most_owed(Order::Eevdf), 0, "half a quantum, to the others");
}

#[test]
fn a_lone_runner_carries_virtual_time_along() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        let [a] = awake(&mut scheduler, [2]);
        for turns in 1..=5 {
            assert_eq!(turn(&mut scheduler, 4, Then::Requeue), a);
            assert_eq!(scheduler.virtual_time(None), Ok((2 * turns) << 20));
        }
        let [b] = awake(&mut scheduler, [2]);
        assert_eq!(counters(&scheduler, [a, b]), [at(10); 2]);
    }
}

/// What A is ahead, in service, is the same at the new weight.
#[test]
fn a_change_of_weight_keeps_what_is_owed() {
    let mut scheduler = Scheduler::default();
    let [a, b] = awake(&mut scheduler, [1, 1]);
    assert_eq!(turn(&mut scheduler, 6, Then::Requeue), a);
    scheduler.set_weight(a, weight(3)).unwrap();
    assert_eq!(counters(&scheduler, [a, b]), [at(2), at(0)]);
    scheduler.set_weight(a, weight(1)).unwrap();
    assert_eq!(counters(&scheduler, [a, b]), [at(6), at(0)]);

    let mut scheduler = Scheduler::new(Order::Eevdf);
    let [a, b] = awake(&mut scheduler, [1_048_576, 3]);
    assert_eq!(turn(&mut scheduler, 1, Then::Requeue), a);
    let kept = [a, b].map(|entity| (scheduler.counter(entity), scheduler.lag(entity)));
    let clock = scheduler.virtual_time(None);
    // A trace on which Linux lost what it owed (commit 6d71a9c).
    scheduler.set_weight(a, weight(2)).unwrap();
    scheduler.set_weight(a, weight(1_048_576)).unwrap();
    assert_eq!([a, b].map(|entity| (scheduler.counter(entity), scheduler.lag(entity))), kept);
    assert_eq!(scheduler.virtual_time(None), clock);
}

/// The same turns with virtual time beginning at `start`: joins, sleepers, weights, groups.
fn varied_turns(order: Order, start: u64) -> Vec<(EntityId, u64)> {
    let mut scheduler = Scheduler::new(order).starting_at(start);
    assert_eq!(scheduler.virtual_time(None), Ok(start));
    let group = scheduler.add_group(None, weight(2)).unwrap();
    let [a, b, c] = awake(&mut scheduler, [3, 1, 7]);
    let inner = [1, 2].map(|value| scheduler.add_to(group, weight(value)).unwrap());
    for entity in inner {
        scheduler.wake(entity).unwrap();
    }
    let mut picks = Vec::new();
    for step in 0..200_u64 {
        match step % 40 {
            7 => scheduler.sleep(a).unwrap(),
            19 => scheduler.wake(a).unwrap(),
            23 => scheduler.set_weight(b, weight(2 + u32::from(step > 100))).unwrap(),
            31 => scheduler.sleep(inner[0]).unwrap(),
            39 => scheduler.wake(inner[0]).unwrap(),
            _ => {}
        }
        let entity = turn(&mut scheduler, 1 + step * step % 5, Then::Requeue);
        let shown = if entity == c || entity == b { entity } else { a };
        let counter = scheduler.counter(shown).unwrap().map_or(start, |counter| counter.units);
        picks.push((entity, counter.wrapping_sub(start)));
    }
    picks
}

#[test]
fn counters_may_wrap() {
    for order in ORDERS {
        let reference = varied_turns(order, 0);
        let quarters = [1 << 62, 1 << 63, 3 << 62];
        for start in [u64::MAX, u64::MAX - (5 << 20), u64::MAX - (50 << 20)] {
            assert_eq!(varied_turns(order, start), reference, "{order:?} from {start}");
        }
        for start in quarters {
            let before = start - (20 << 20);
            assert_eq!(varied_turns(order, before), reference, "{order:?} from {before}");
        }
    }
}

/// It sleeps far ahead and is given another weight, or lies a little behind after a correction: in
/// which quarter of the circle it is stays known.
#[test]
fn a_sleeper_that_is_moved_is_passed_all_the_same() {
    for (charged, corrected, weight) in [(MAX_CHARGE, 0, 2), (MAX_CHARGE, 0, 1), (1, 100, 1)] {
        let mut scheduler = Scheduler::new(Order::StartTime);
        let [a, b] = awake(&mut scheduler, [1, 1]);
        if corrected > 0 {
            // Just past the end of a quarter.
            for entity in [a, b] {
                assert_eq!(turn(&mut scheduler, MAX_CHARGE, Then::Requeue), entity);
            }
        }
        assert_eq!(turn(&mut scheduler, charged, Then::Requeue), a);
        if corrected > 0 {
            assert_eq!(turn(&mut scheduler, 1, Then::Requeue), b);
            scheduler.correct(a, corrected, 1).unwrap();
        }
        scheduler.sleep(a).unwrap();
        scheduler.set_weight(a, Weight::new(weight).unwrap()).unwrap();
        for _ in 0..26 {
            assert_eq!(turn(&mut scheduler, MAX_CHARGE / 10, Then::Requeue), b);
        }
        scheduler.wake(a).unwrap();
        let time = scheduler.virtual_time(None).unwrap();
        assert_eq!(scheduler.counter(a).unwrap().unwrap().units, time, "{charged}, {weight}");
    }
}

/// However far virtual time goes in the meantime, also round the circle.
#[test]
fn a_sleeper_of_any_length_gets_its_share_and_no_more() {
    for order in ORDERS {
        for laps in 0..=13 {
            let mut scheduler = Scheduler::new(order);
            let [a, b] = awake(&mut scheduler, [1, 1]);
            assert_eq!(turn(&mut scheduler, 1, Then::Sleep), a);
            for _ in 0..laps {
                // A quarter of the circle.
                assert_eq!(turn(&mut scheduler, MAX_CHARGE, Then::Requeue), b);
            }
            assert_eq!(turn(&mut scheduler, 1, Then::Requeue), b);
            scheduler.wake(a).unwrap();
            let picks = turns(&mut scheduler, 100);
            let count = picks.matches('A').count();
            assert!((50..=51).contains(&count), "{order:?}, {laps} quarters: {picks}");
        }
    }
}

#[test]
fn weights_and_charges_at_their_maxima() {
    let most = 1 << 20;
    for start in [0, u64::MAX, 3 << 62] {
        let mut scheduler = Scheduler::default().starting_at(start);
        let [light, heavy] = awake(&mut scheduler, [1, most]);
        for _ in 0..2 {
            assert_eq!(turn(&mut scheduler, MAX_CHARGE, Then::Requeue), light);
            for _ in 0..most {
                assert_eq!(turn(&mut scheduler, MAX_CHARGE, Then::Requeue), heavy);
            }
        }
        let expected = Some((start.wrapping_add(1 << 63), 0));
        assert_eq!([light, heavy].map(|entity| shown(&scheduler, entity)), [expected; 2]);
    }
    let mut scheduler = Scheduler::new(Order::Eevdf);
    let [light, heavy] = awake(&mut scheduler, [1, most]);
    let counts = (0..2 * (most + 1)).fold([0, 0], |[few, many], _| {
        let is_light = turn(&mut scheduler, MAX_CHARGE, Then::Requeue) == light;
        [few + u32::from(is_light), many + u32::from(!is_light)]
    });
    assert_eq!(counts, [2, 2 * most]);
    assert_eq!([light, heavy].map(|entity| scheduler.lag(entity)), [Ok(0); 2]);
}

#[test]
fn nothing_used_is_charged_as_one_unit() {
    for order in ORDERS {
        let mut scheduler = Scheduler::new(order);
        awake(&mut scheduler, [1, 1]);
        let picks: Vec<_> =
            (0..4).map(|_| turn(&mut scheduler, 0, Then::Requeue).index()).collect();
        assert_eq!(picks, [0, 1, 0, 1]);
    }
}
