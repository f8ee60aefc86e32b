//! Groups with several in service: those that are counted when they are picked, and those that are
//! not.

use std::collections::BTreeMap;

use apportion_wfq::reference::Twin;
use apportion_wfq::testkit::{
    Failure, Hierarchical, Profile, ProportionalShare, Violation, check, check_groups,
};

/// Start-time order, as plain as can be.
#[derive(Default)]
struct Tree {
    /// A pick counts for the groups above, as if a quantum of 1 had been used.
    in_advance: bool,
    nodes: BTreeMap<Slot, Node>,
    /// By group, the largest counter that a member ever left with.
    finish: BTreeMap<Option<Slot>, i128>,
}

/// False for an entity, true for a group, and its number.
type Slot = (bool, usize);

struct Node {
    parent: Option<Slot>,
    weight: u32,
    counter: i128,
    awake: bool,
    in_service: bool,
}

impl Tree {
    fn insert(&mut self, slot: Slot, parent: Option<Slot>, weight: u32) {
        let (counter, awake, in_service) = (0, false, false);
        self.nodes.insert(slot, Node { parent, weight, counter, awake, in_service });
    }

    fn children(&self, of: Option<Slot>) -> impl Iterator<Item = Slot> {
        self.nodes.iter().filter(move |(_, node)| node.parent == of).map(|(&slot, _)| slot)
    }

    fn runs(&self, slot: Slot) -> bool {
        if slot.0 {
            self.children(Some(slot)).any(|inner| self.runs(inner))
        } else {
            self.nodes[&slot].awake
        }
    }

    fn waits(&self, slot: Slot) -> bool {
        if slot.0 {
            return self.children(Some(slot)).any(|inner| self.waits(inner));
        }
        self.nodes[&slot].awake && !self.nodes[&slot].in_service
    }

    fn path(&self, entity: usize) -> Vec<Slot> {
        core::iter::successors(Some((false, entity)), |slot| self.nodes[slot].parent).collect()
    }

    fn count(&mut self, slot: Slot, used: i128) {
        let node = self.nodes.get_mut(&slot).expect("it was added");
        node.counter += (used << 60) / i128::from(node.weight);
    }

    fn set_awake(&mut self, entity: usize, awake: bool) {
        let path = self.path(entity);
        let before: Vec<bool> = path.iter().map(|&slot| self.runs(slot)).collect();
        let starts: Vec<i128> =
            path.iter().map(|slot| self.least(self.nodes[slot].parent)).collect();
        self.nodes.get_mut(&path[0]).expect("it was added").awake = awake;
        for ((slot, ran), start) in path.into_iter().zip(before).zip(starts) {
            let runs = self.runs(slot);
            let node = self.nodes.get_mut(&slot).expect("it was added");
            if runs && !ran {
                node.counter = node.counter.max(start);
            } else if ran && !runs {
                let finish = self.finish.entry(node.parent).or_default();
                *finish = node.counter.max(*finish);
            }
        }
    }

    fn least(&self, of: Option<Slot>) -> i128 {
        let running = self.children(of).filter(|&slot| self.runs(slot));
        let least = running.map(|slot| self.nodes[&slot].counter).min();
        least.unwrap_or_else(|| self.finish.get(&of).copied().unwrap_or(0))
    }
}

impl ProportionalShare for Tree {
    fn add(&mut self, entity: usize, weight: u32) {
        self.insert((false, entity), None, weight);
    }

    fn remove(&mut self, entity: usize) {
        self.set_awake(entity, false);
        self.nodes.remove(&(false, entity));
    }

    fn wake(&mut self, entity: usize) {
        self.set_awake(entity, true);
    }

    fn sleep(&mut self, entity: usize) {
        self.set_awake(entity, false);
    }

    fn set_weight(&mut self, _: usize, _: u32) {
        unreachable!("it says that it cannot");
    }

    fn can_reweight(&self) -> bool {
        false
    }

    fn pick(&mut self) -> Option<usize> {
        let mut at = None;
        loop {
            let waiting = self.children(at).filter(|&slot| self.waits(slot));
            let next = waiting.min_by_key(|slot| (self.nodes[slot].counter, *slot))?;
            if !next.0 {
                self.nodes.get_mut(&next)?.in_service = true;
                for slot in self.path(next.1).into_iter().skip(1) {
                    self.count(slot, i128::from(self.in_advance));
                }
                return Some(next.1);
            }
            at = Some(next);
        }
    }

    fn charge(&mut self, entity: usize, used: u64, stays: bool) {
        for slot in self.path(entity) {
            self.count(slot, i128::from(used) - i128::from(slot.0 && self.in_advance));
        }
        self.nodes.get_mut(&(false, entity)).expect("it was picked").in_service = false;
        self.set_awake(entity, stays);
    }
}

impl Hierarchical for Tree {
    fn add_group(&mut self, group: usize, parent: Option<usize>, weight: u32) {
        self.insert((true, group), parent.map(|parent| (true, parent)), weight);
    }

    fn add_to(&mut self, group: usize, entity: usize, weight: u32) {
        self.insert((false, entity), Some((true, group)), weight);
    }
}

fn profile() -> Profile {
    Profile::start_time().in_service(4).largest_weight(1000).largest_charge(1 << 30)
}

#[test]
fn who_counts_picks_keeps_the_law_of_pairs() -> Result<(), Failure> {
    let make = || Tree { in_advance: true, ..Tree::default() };
    let report = check_groups(profile(), make)?;
    assert!(report.tightest >= 990, "{report:?}");
    Ok(())
}

/// One group gets all the CPUs before it is charged anything.
#[test]
fn who_counts_charges_breaks_the_law_of_pairs() {
    for seed in 0..5 {
        let failure = check_groups(profile().seed(seed), Tree::default);
        let violation = failure.expect_err("it gives all to one group").violation;
        assert!(matches!(violation, Violation::Pairwise { .. }), "{violation}");
    }
    // With one in service there is no difference.
    check_groups(profile().in_service(1), Tree::default).expect("it keeps all laws");
}

#[test]
fn more_than_there_can_be_is_cut_off() -> Result<(), Failure> {
    let profile = Profile::start_time().in_service(usize::MAX).quantum(u64::MAX);
    // Charges of a quantum are all that this is measured by.
    let report = check(profile.largest_charge(8), Twin::start_time)?;
    assert!(report.tightest >= 990, "{report:?}");
    Ok(())
}
