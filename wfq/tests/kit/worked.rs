//! Cases worked out by hand: a quantum of 1, ties to the lowest number.

use apportion_wfq::reference::{RESOLUTION_BITS, Twin};

fn awake(mut twin: Twin, weights: &[u32]) -> Twin {
    for (entity, &weight) in weights.iter().enumerate() {
        twin.add(entity, weight);
        twin.wake(entity);
    }
    twin
}

fn turn(twin: &mut Twin) -> char {
    let picked = twin.pick().expect("somebody is runnable");
    twin.charge(picked, 1, true);
    char::from(b'A' + u8::try_from(picked).expect("few entities"))
}

fn turns(twin: &mut Twin, count: usize) -> String {
    (0..count).map(|_| turn(twin)).collect()
}

fn counts(turns: &str) -> [usize; 3] {
    ['A', 'B', 'C'].map(|entity| turns.matches(entity).count())
}

/// The tag of an entity, in quanta at a weight of 1.
fn quanta(twin: &Twin, entity: usize) -> u128 {
    let (k, rem, _) = twin.counter(entity).expect("it was added");
    assert_eq!((rem, k % (1 << RESOLUTION_BITS)), (0, 0));
    k >> RESOLUTION_BITS
}

#[test]
fn shares_by_weight() {
    let mut twin = awake(Twin::start_time(), &[1, 2]);
    assert_eq!(turns(&mut twin, 6), "ABBABB");
    assert_eq!([quanta(&twin, 0), quanta(&twin, 1)], [2, 2]);
    assert_eq!(turns(&mut awake(Twin::start_time(), &[3, 2, 1]), 6), "ABCABA");
    assert_eq!(turns(&mut awake(Twin::start_time(), &[1, 2, 4]), 7), "ABCCBCC");
    assert_eq!(
        counts(&turns(&mut awake(Twin::start_time(), &[1, 2, 4]), 7000)),
        [1000, 2000, 4000]
    );
    assert_eq!(counts(&turns(&mut awake(Twin::eevdf(1), &[1, 2, 4]), 7000)), [1000, 2000, 4000]);
}

#[test]
fn a_sleeper_catches_up_at_once_and_no_further() {
    let mut twin = awake(Twin::start_time(), &[1, 1]);
    assert_eq!(twin.pick(), Some(0));
    twin.charge(0, 1, false);
    assert_eq!(quanta(&twin, 0), 1);
    assert_eq!(turns(&mut twin, 10), "BBBBBBBBBB");
    twin.wake(0);
    assert_eq!([quanta(&twin, 0), quanta(&twin, 1)], [10, 10]);
    // A free quantum for who wakes would be A A B A B.
    assert_eq!(turns(&mut twin, 10), "ABABABABAB");
}

#[test]
fn virtual_time_stays_while_everybody_sleeps() {
    let mut twin = awake(Twin::start_time(), &[1, 1]);
    for (entity, used) in [(0, 7), (1, 3)] {
        assert_eq!(twin.pick(), Some(entity));
        twin.charge(entity, used, false);
    }
    // The largest finish tag so far.
    assert_eq!(twin.virtual_time(), 7 << RESOLUTION_BITS);
    twin.add(2, 5);
    twin.wake(2);
    twin.wake(1);
    assert_eq!([quanta(&twin, 1), quanta(&twin, 2)], [7, 7]);
}

#[test]
fn who_joins_starts_at_the_least_counter() {
    let mut twin = Twin::start_time();
    let mut all = String::new();
    for entity in 0..3 {
        twin.add(entity, 1);
        twin.wake(entity);
        all += &turns(&mut twin, 6);
    }
    assert_eq!(counts(&all), [11, 5, 2]);
    assert_eq!([0, 1, 2].map(|entity| quanta(&twin, entity)), [11; 3]);
}

#[test]
fn containers_share_first() {
    for make in [Twin::start_time, || Twin::eevdf(1)] {
        let mut twin = make();
        twin.add_group(0, None, 1);
        twin.add_group(1, None, 1);
        for (entity, group) in [(0, 0), (1, 0), (2, 1)] {
            twin.add_to(group, entity, 1);
            twin.wake(entity);
        }
        assert_eq!(counts(&turns(&mut twin, 400)), [100, 100, 200]);
        twin.sleep(0);
        assert_eq!(counts(&turns(&mut twin, 400)), [0, 200, 200]);
        twin.sleep(1);
        assert_eq!(counts(&turns(&mut twin, 400)), [0, 0, 400]);
        twin.sleep(2);
        assert_eq!(twin.pick(), None);
    }
}

#[test]
fn many_in_service_at_once() {
    let mut twin = awake(Twin::start_time(), &[1, 1, 4]);
    assert_eq!(
        [twin.pick(), twin.pick(), twin.pick(), twin.pick()],
        [Some(0), Some(1), Some(2), None]
    );
    twin.charge(2, 4, true);
    assert_eq!(twin.pick(), Some(2));
}

#[test]
fn a_limit_wastes_what_it_does_not_allow() {
    let mut twin = awake(Twin::start_time(), &[1, 1]);
    twin.limit(0, 2, 10, 0);
    assert_eq!(turns(&mut twin, 6), "ABABBB");
    twin.sleep(1);
    assert_eq!((twin.pick(), twin.next_release(0)), (None, Some(10)));
    twin.advance(9);
    assert_eq!(twin.pick(), None);
    twin.advance(10);
    twin.wake(1);
    // No credit for the time in which it was throttled.
    assert_eq!(turns(&mut twin, 6), "ABABBB");
}

#[test]
fn a_capped_group_keeps_its_weights() {
    let mut twin = Twin::start_time();
    twin.add_group(0, None, 1);
    twin.limit_group(0, 8, 10, 0);
    for (entity, weight) in [(0, 1), (1, 3)] {
        twin.add_to(0, entity, weight);
        twin.wake(entity);
    }
    let mut all = String::new();
    for period in 0..100 {
        twin.advance(period * 10);
        all += &turns(&mut twin, 8);
        assert_eq!(twin.pick(), None);
    }
    assert_eq!(counts(&all), [200, 600, 0]);
}

#[test]
fn counters_wrap_around() {
    for twin in [Twin::start_time(), Twin::eevdf(3)] {
        let near = awake(twin.clone().starting_at(u128::MAX - (5 << RESOLUTION_BITS)), &[3, 2, 1]);
        assert_eq!(turns(&mut near.clone(), 600), turns(&mut awake(twin, &[3, 2, 1]), 600));
    }
}

#[test]
fn a_reweight_keeps_what_is_owed() {
    let mut twin = awake(Twin::eevdf(7), &[5, 1, 3]);
    for used in [7, 3, 1, 5] {
        let picked = twin.pick().expect("all are runnable");
        twin.charge(picked, used, true);
    }
    let before = [0, 1, 2].map(|entity| (twin.counter(entity), twin.lag(entity)));
    twin.set_weight(0, 1 << 20);
    assert_eq!(twin.lag(0).map(|lag| lag >> 20), before[0].1.map(|lag| lag >> 20));
    twin.set_weight(0, 2);
    twin.set_weight(0, 5);
    assert_eq!([0, 1, 2].map(|entity| (twin.counter(entity), twin.lag(entity))), before);
}

#[test]
fn a_round_trip_at_the_least_counter_loses_no_remainder() {
    let mut twin = awake(Twin::start_time(), &[1 << 20, 3]);
    twin.set_weight(0, (1 << 20) - 3);
    for _ in 0..2 {
        let picked = twin.pick().expect("all are runnable");
        twin.charge(picked, 1, true);
    }
    let before = [0, 1].map(|entity| twin.counter(entity));
    assert_eq!(before[0].map(|tag| tag.0), Some(twin.virtual_time()));
    assert!(before[0].is_some_and(|tag| tag.1 > 1), "a remainder worth more at a weight of 1");
    twin.set_weight(0, 1);
    assert_eq!(before[0].map(|tag| tag.0), Some(twin.virtual_time()));
    twin.set_weight(0, (1 << 20) - 3);
    assert_eq!([0, 1].map(|entity| twin.counter(entity)), before);
}
