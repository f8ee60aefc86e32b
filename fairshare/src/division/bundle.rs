use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Bound::{Excluded, Included, Unbounded};

use crate::divide::Want;
use crate::share::Level;

/// All claims of the same weight. Each has as many units as the others, within its own bounds.
#[derive(Clone, Debug)]
pub(super) struct Bundle {
    pub(super) weight: u32,
    /// What each has, but for its bounds.
    pub(super) units: u64,
    /// Those that have just so many and may have more, in order of their numbers.
    pub(super) open: Vec<u32>,
    /// All of them by their floors, and by their ceilings, each list in order. A claim whose floor is
    /// its ceiling is in none.
    floors: BTreeMap<u64, Vec<u32>>,
    ceilings: BTreeMap<u64, Vec<u32>>,
    pub(super) members: u32,
    /// Bounds on either side: between them, no claim of this bundle begins or ends.
    calm: (u64, u64),
    /// The next unit that would be handed out here, and the last one that was.
    pub(super) next: Option<Level>,
    pub(super) last: Option<Level>,
}

/// What came of it when a bundle was given other units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    /// How many units more all of them have together.
    pub(super) gained: i128,
    /// What it took, in steps of one unit for a bundle.
    pub(super) work: usize,
}

impl Bundle {
    pub(super) fn new(weight: u32, units: u64) -> Self {
        let [floors, ceilings] = [BTreeMap::new(), BTreeMap::new()];
        let open = Vec::new();
        Self {
            weight,
            units,
            open,
            floors,
            ceilings,
            members: 0,
            calm: (0, 0),
            next: None,
            last: None,
        }
    }

    pub(super) fn has(&self, want: &Want) -> u64 {
        self.units.max(want.reserved).min(want.most)
    }

    /// How many units each has before the next one is handed out here; none if none will be.
    pub(super) fn next_units(&self) -> Option<u64> {
        if !self.open.is_empty() {
            return Some(self.units);
        }
        let above = self.floors.range((Excluded(self.units), Unbounded));
        above.map(|(&floor, _)| floor).next()
    }

    /// How many units each has after the last one was handed out here; none if none was.
    pub(super) fn last_units(&self) -> Option<u64> {
        let count = |map: &BTreeMap<u64, Vec<u32>>| map.get(&self.units).map_or(0, Vec::len);
        if self.open.len() > count(&self.floors) || count(&self.ceilings) > 0 {
            return Some(self.units);
        }
        self.ceilings.range(..self.units).map(|(&ceiling, _)| ceiling).next_back()
    }

    pub(super) fn look(&mut self) {
        let calm = |bundle: &Self| bundle.calm.0 < bundle.units && bundle.units < bundle.calm.1;
        if !calm(self) {
            let maps = [&self.floors, &self.ceilings];
            let below = maps.map(|map| map.range(..=self.units).next_back());
            let above = maps.map(|map| map.range((Excluded(self.units), Unbounded)).next());
            let low = below.into_iter().flatten().map(|(&bound, _)| bound).max().unwrap_or(0);
            let high = above.into_iter().flatten().map(|(&bound, _)| bound).min();
            self.calm = (low, high.unwrap_or(u64::MAX));
        }
        if calm(self) && !self.open.is_empty() {
            self.next = Some(Level::of_next(self.units, self.weight));
            self.last = Some(Level::of_last(self.units, self.weight));
            return;
        }
        self.next = self.next_units().map(|units| Level::of_next(units, self.weight));
        self.last = self.last_units().map(|units| Level::of_last(units, self.weight));
    }

    /// Whether its next unit comes before that of another.
    pub(super) fn gains_before(&self, other: &Self) -> bool {
        let order = self.next.cmp(&other.next);
        order.then(self.weight.cmp(&other.weight)) == Ordering::Less
    }

    /// Whether its last unit came after that of another.
    pub(super) fn loses_before(&self, other: &Self) -> bool {
        let order = self.last.cmp(&other.last);
        order.then(self.weight.cmp(&other.weight)) == Ordering::Greater
    }

    pub(super) fn insert(&mut self, number: u32, want: &Want) {
        self.calm = (0, 0);
        self.members += 1;
        if want.reserved < want.most {
            insert(self.floors.entry(want.reserved).or_default(), number);
            insert(self.ceilings.entry(want.most).or_default(), number);
            if (want.reserved..want.most).contains(&self.units) {
                insert(&mut self.open, number);
            }
        }
    }

    pub(super) fn remove(&mut self, number: u32, want: &Want) {
        self.calm = (0, 0);
        self.members -= 1;
        if want.reserved < want.most {
            for (map, key) in [(&mut self.floors, want.reserved), (&mut self.ceilings, want.most)] {
                if let Some(list) = map.get_mut(&key) {
                    remove(list, number);
                    if list.is_empty() {
                        map.remove(&key);
                    }
                }
            }
            if (want.reserved..want.most).contains(&self.units) {
                remove(&mut self.open, number);
            }
        }
    }

    /// Gives each so many units.
    pub(super) fn set_units(&mut self, units: u64) -> Shift {
        let up = units > self.units;
        let (low, high) = if up { (self.units, units) } else { (units, self.units) };
        let distance = i128::from(high - low);
        let mut gained = self.open.len() as i128 * distance;
        if self.calm.0 <= low && high < self.calm.1 {
            self.units = units;
            return Shift { gained: if up { gained } else { -gained }, work: 0 };
        }
        let crossed = (Excluded(low), Included(high));
        let [entering, leaving] =
            if up { [&self.floors, &self.ceilings] } else { [&self.ceilings, &self.floors] };
        // Those who cross a bound move with the others on one side of it only.
        let moved = |bound: u64| i128::from(if up { high - bound } else { bound - low });
        let (mut entered, mut left) = (0, 0);
        for (&bound, list) in entering.range(crossed) {
            entered += list.len();
            gained += list.len() as i128 * moved(bound);
        }
        for (&bound, list) in leaving.range(crossed) {
            left += list.len();
            gained -= list.len() as i128 * moved(bound);
        }
        let count = entered + left;
        let before = self.open.len();
        // Who enters first may leave again at once.
        let entering = entering.range(crossed).flat_map(|(_, list)| list).copied();
        let leaving = leaving.range(crossed).flat_map(|(_, list)| list).copied();
        let work = if count <= ONE_BY_ONE {
            entering.for_each(|number| insert(&mut self.open, number));
            leaving.for_each(|number| remove(&mut self.open, number));
            count + count * before / MOVED_IN_A_STEP
        } else {
            merge(&mut self.open, entering);
            subtract(&mut self.open, leaving.collect());
            count / 4 + (before + count) / MERGED_IN_A_STEP
        };
        self.units = units;
        Shift { gained: if up { gained } else { -gained }, work }
    }
}

fn insert(list: &mut Vec<u32>, number: u32) {
    list.insert(list.partition_point(|&other| other < number), number);
}

fn remove(list: &mut Vec<u32>, number: u32) {
    if let Ok(place) = list.binary_search(&number) {
        list.remove(place);
    }
}

#[expect(clippy::stable_sort_primitive, reason = "it makes use of what is sorted already")]
fn merge(list: &mut Vec<u32>, more: impl Iterator<Item = u32>) {
    list.extend(more);
    list.sort();
}

fn subtract(list: &mut Vec<u32>, mut less: Vec<u32>) {
    less.sort_unstable();
    let mut less = less.into_iter().peekable();
    list.retain(|number| less.next_if_eq(number).is_none());
}

/// As many are put into a list or taken out of it one by one; more, all at once.
const ONE_BY_ONE: usize = 16;

/// Numbers that a list moves up, or goes through, in the time of a step.
const MOVED_IN_A_STEP: usize = 1_024;
const MERGED_IN_A_STEP: usize = 64;
