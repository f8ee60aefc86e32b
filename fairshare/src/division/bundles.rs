use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::tournament::Tournament;
use crate::fill::{Filler, Item, Partial};
use crate::share::Level;

/// What makes claims alike: their weight, and the least and the most that each gets by it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Terms {
    pub(super) weight: u32,
    pub(super) floor: u64,
    pub(super) ceiling: u64,
}

/// Claims that are alike. Each has `units`, or in the bundle that is partly served, one more.
#[derive(Clone, Debug)]
struct Bundle {
    terms: Terms,
    units: u64,
    /// The numbers of the claims, in order. Empty if nobody uses this bundle.
    members: Vec<u32>,
}

/// All claims, those that are alike together.
///
/// Between two changes, whole bundles have been given units in order of their levels, up to one that
/// is partly served.
#[derive(Clone, Debug, Default)]
pub(super) struct Bundles {
    all: Vec<Bundle>,
    vacant: Vec<u32>,
    by_terms: BTreeMap<Terms, u32>,
    /// Who would get the next unit.
    next: Tournament,
    /// Who would lose the last one.
    last: Tournament,
    /// What all have, but for the bundle that is partly served.
    total: u128,
    /// What all may have.
    ceilings: u128,
    partial: Option<Partial>,
    filler: Filler,
}

impl Bundle {
    fn item(&self) -> Item {
        let Terms { weight, floor, ceiling } = self.terms;
        Item { weight, count: self.members.len() as u32, floor, ceiling }
    }

    fn next(&self) -> Level {
        Level::of_next(self.units, self.terms.weight)
    }

    fn last(&self) -> Level {
        Level::of_last(self.units, self.terms.weight)
    }

    fn may_gain(&self) -> bool {
        !self.members.is_empty() && self.units < self.terms.ceiling
    }

    fn may_lose(&self) -> bool {
        !self.members.is_empty() && self.units > self.terms.floor
    }

    fn count(&self) -> u128 {
        self.members.len() as u128
    }

    /// Whether its next unit comes before that of another.
    fn gains_before(&self, other: &Self) -> bool {
        let order = self.next().cmp(&other.next());
        order.then_with(|| self.item().precedence(&other.item())) == Ordering::Less
    }

    /// Whether its last unit came after that of another.
    fn loses_before(&self, other: &Self) -> bool {
        let order = self.last().cmp(&other.last());
        order.then_with(|| self.item().precedence(&other.item())) == Ordering::Greater
    }
}

impl Bundles {
    /// Puts a claim with those like it. Returns the number of their bundle.
    pub(super) fn insert(&mut self, terms: Terms, member: u32) -> u32 {
        self.partial = None;
        let number = self.by_terms.get(&terms).copied();
        let number = number.unwrap_or_else(|| self.open(terms));
        let bundle = &mut self.all[number as usize];
        let place = bundle.members.partition_point(|&other| other < member);
        bundle.members.insert(place, member);
        self.total += u128::from(bundle.units);
        self.ceilings += u128::from(terms.ceiling);
        if bundle.members.len() == 1 {
            self.update(number);
        }
        number
    }

    /// Takes a claim out of its bundle.
    pub(super) fn remove(&mut self, number: u32, member: u32) {
        self.partial = None;
        let bundle = &mut self.all[number as usize];
        let place = bundle.members.partition_point(|&other| other < member);
        bundle.members.remove(place);
        let terms = bundle.terms;
        self.total -= u128::from(bundle.units);
        self.ceilings -= u128::from(terms.ceiling);
        if bundle.members.is_empty() {
            self.by_terms.remove(&terms);
            self.vacant.push(number);
            self.update(number);
        }
    }

    /// What a claim has.
    pub(super) fn units(&self, number: u32, member: u32) -> u64 {
        let bundle = &self.all[number as usize];
        match self.partial {
            Some(Partial { item, count }) if item == number as usize => {
                let place = bundle.members.partition_point(|&other| other < member);
                bundle.units + u64::from(place < count as usize)
            }
            _ => bundle.units,
        }
    }

    /// The last unit handed out above a floor.
    pub(super) fn level(&self) -> Option<Level> {
        match self.partial {
            Some(Partial { item, .. }) => Some(self.all[item].next()),
            None => self.last.first().map(|number| self.all[number as usize].last()),
        }
    }

    /// What all have together.
    pub(super) fn handed_out(&self) -> u64 {
        let partial = self.partial.map_or(0, |partial| partial.count);
        (self.total + u128::from(partial)) as u64
    }

    /// Moves units until `capacity` is handed out, or everybody has all that he may have.
    pub(super) fn settle(&mut self, capacity: u64) {
        self.partial = None;
        let wanted = self.ceilings.min(capacity.into());
        for _ in 0..FEW + self.all.len() / 8 {
            let short = self.total < wanted;
            let first = if short { self.next.first() } else { self.last.first() };
            let Some(number) = first.filter(|_| self.total != wanted) else { return };
            let bundle = &mut self.all[number as usize];
            let count = bundle.count();
            if short {
                if wanted - self.total < count {
                    let count = (wanted - self.total) as u32;
                    self.partial = Some(Partial { item: number as usize, count });
                    return;
                }
                bundle.units += 1;
                self.total += count;
            } else {
                bundle.units -= 1;
                self.total -= count;
            }
            self.update(number);
        }
        self.divide_anew(capacity);
    }

    /// Divides without regard to what everybody has. Linear time.
    pub(super) fn divide_anew(&mut self, capacity: u64) {
        let items: Vec<Item> = self.all.iter().map(Bundle::item).collect();
        let mut units = Vec::with_capacity(items.len());
        self.partial = self.filler.fill(capacity, &items, &mut units);
        self.total = 0;
        for (bundle, units) in self.all.iter_mut().zip(units) {
            bundle.units = units;
            self.total += u128::from(units) * bundle.count();
        }
        let Self { all, next, last, .. } = self;
        let of = |number: u32| &all[number as usize];
        next.rebuild(all.len(), |one| of(one).may_gain(), |a, b| of(a).gains_before(of(b)));
        last.rebuild(all.len(), |one| of(one).may_lose(), |a, b| of(a).loses_before(of(b)));
    }

    /// A bundle without members, with as many units as it would have been given.
    fn open(&mut self, terms: Terms) -> u32 {
        let mut bundle = Bundle { terms, units: terms.floor, members: Vec::new() };
        if let Some(number) = self.last.first() {
            let last = &self.all[number as usize];
            let level = last.last();
            let [weight, other] = [terms.weight, level.weight].map(u128::from);
            // Those whose middle is not above the level.
            let units = (level.half_units * weight + other) / (2 * other);
            let mut units = u64::try_from(units).unwrap_or(u64::MAX);
            let tied = Level::of_last(units, terms.weight) == level;
            if tied && bundle.item().precedence(&last.item()) == Ordering::Greater {
                units -= 1;
            }
            bundle.units = units.clamp(terms.floor, terms.ceiling);
        }
        let number = self.vacant.pop().unwrap_or(self.all.len() as u32);
        match self.all.get_mut(number as usize) {
            Some(place) => *place = bundle,
            None => self.all.push(bundle),
        }
        self.by_terms.insert(terms, number);
        number
    }

    /// Has a bundle take part where it may.
    fn update(&mut self, number: u32) {
        let Self { all, next, last, .. } = self;
        let of = |number: u32| &all[number as usize];
        next.update(number, of(number).may_gain(), |a, b| of(a).gains_before(of(b)));
        last.update(number, of(number).may_lose(), |a, b| of(a).loses_before(of(b)));
    }
}

/// As many bundles may always move before all is divided anew.
const FEW: usize = 16;
