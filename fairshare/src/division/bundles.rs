use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::bundle::{Bundle, Shift};
use super::tournament::Tournament;
use crate::divide::Want;
use crate::fill::{Filler, Trial, stepped};
use crate::share::Level;

/// All claims, those of the same weight together.
///
/// Between two changes, whole bundles have been given units in order of their levels, up to one that
/// is served in part.
#[derive(Clone, Debug, Default)]
pub(super) struct Bundles {
    all: Vec<Bundle>,
    vacant: Vec<u32>,
    by_weight: BTreeMap<u32, u32>,
    /// Who would get the next unit.
    next: Tournament,
    /// Who would lose the last one.
    last: Tournament,
    /// What all have, but for the bundle that is served in part.
    total: u128,
    /// The weights of all bundles with open claims, and those of all open claims.
    weight_of_open: u64,
    weight_of_claims: u128,
    /// What all may have.
    ceilings: u128,
    /// The bundle of whose open claims only the first so many have one more unit.
    partial: Option<(u32, u32)>,
    filler: Filler,
}

impl Bundles {
    /// Puts a claim with those of its weight. Returns the number of their bundle.
    pub(super) fn insert(&mut self, number: u32, want: &Want) -> u32 {
        self.partial = None;
        let place = self.by_weight.get(&want.weight).copied();
        let place = place.unwrap_or_else(|| self.begin(want.weight));
        // Without anybody open, it may have fallen behind.
        self.shift(place, units_at(self.level(), want.weight));
        self.change(place, |bundle| bundle.insert(number, want));
        self.total += u128::from(self.all[place as usize].has(want));
        self.ceilings += u128::from(want.most);
        self.update(place);
        place
    }

    /// Takes a claim out of its bundle.
    pub(super) fn remove(&mut self, place: u32, number: u32, want: &Want) {
        self.partial = None;
        self.change(place, |bundle| bundle.remove(number, want));
        let bundle = &self.all[place as usize];
        self.total -= u128::from(bundle.has(want));
        self.ceilings -= u128::from(want.most);
        if bundle.members == 0 {
            self.by_weight.remove(&want.weight);
            self.vacant.push(place);
        }
        self.update(place);
    }

    /// What a claim has.
    pub(super) fn units(&self, place: u32, number: u32, want: &Want) -> u64 {
        let bundle = &self.all[place as usize];
        let units = bundle.has(want);
        match self.partial {
            Some((partial, count)) if partial == place => {
                let served = bundle.open[..count as usize].binary_search(&number).is_ok();
                units + u64::from(served)
            }
            _ => units,
        }
    }

    /// The last unit handed out above a floor.
    pub(super) fn level(&self) -> Option<Level> {
        match self.partial {
            Some((place, _)) => self.all[place as usize].next,
            None => self.last.first().and_then(|place| self.all[place as usize].last),
        }
    }

    /// What all have together.
    pub(super) fn handed_out(&self) -> u64 {
        let partial = self.partial.map_or(0, |(_, count)| count);
        (self.total + u128::from(partial)) as u64
    }

    /// Moves units until `capacity` is handed out, or everybody has all that he may have. False if
    /// it is better to divide anew.
    ///
    /// Where many units are to move, all bundles jump to the level at which that many would have
    /// moved, if nobody reached a bound on the way; the rest is moved bundle by bundle.
    pub(super) fn settle(&mut self, capacity: u64) -> bool {
        self.partial = None;
        let wanted = self.ceilings.min(capacity.into());
        let few = FEW + self.by_weight.len() / BUNDLES_IN_A_STEP;
        for _ in 0..MOST_JUMPS {
            if self.steps_to(wanted) > few as u128 {
                self.jump(wanted);
            }
            if self.walk(wanted, 2 * few) {
                return true;
            }
        }
        false
    }

    /// In how many steps so much will be handed out, if nobody reaches a bound.
    fn steps_to(&self, wanted: u128) -> u128 {
        let units = self.total.abs_diff(wanted);
        let steps = units.saturating_mul(self.weight_of_open.into());
        steps.checked_div(self.weight_of_claims).unwrap_or(0)
    }

    /// Moves units bundle by bundle. False if that took more than so many steps.
    fn walk(&mut self, wanted: u128, steps: usize) -> bool {
        let mut left = steps;
        while self.total != wanted {
            let short = self.total < wanted;
            let Some(place) = (if short { self.next.first() } else { self.last.first() }) else {
                return false;
            };
            let bundle = &self.all[place as usize];
            let mut work = 1;
            if short {
                let from = bundle.next_units().unwrap_or(bundle.units);
                work += self.shift(place, from);
                let count = self.all[place as usize].open.len() as u128;
                if wanted - self.total < count {
                    self.partial = Some((place, (wanted - self.total) as u32));
                    self.update(place);
                    return true;
                }
                work += self.shift(place, from + 1);
            } else {
                let from = bundle.last_units().unwrap_or(bundle.units);
                work += self.shift(place, from);
                work += self.shift(place, from - 1);
            }
            self.update(place);
            let Some(rest) = left.checked_sub(work) else { return self.total == wanted };
            left = rest;
        }
        true
    }

    /// Gives every bundle all units up to the level at which so much would be handed out, if nobody
    /// reached a bound. Linear in the bundles, but for bounds.
    fn jump(&mut self, wanted: u128) {
        let level =
            self.level().map_or(0, |level| (level.half_units() << 63) / u128::from(level.weight));
        let level = stepped(level, wanted, self.total, self.weight_of_claims, 0);
        let trial = Trial::new(level);
        for place in 0..self.all.len() as u32 {
            self.shift(place, trial.units(self.all[place as usize].weight));
        }
        self.update_all();
    }

    /// Divides without regard to what everybody has. Linear time, but for sorting those who cross
    /// their bounds.
    pub(super) fn divide_anew(&mut self, capacity: u64, claims: &[(u32, Want)]) {
        let wants: Vec<Want> = claims.iter().map(|(_, want)| *want).collect();
        let mut units = Vec::with_capacity(wants.len());
        let last = self.filler.fill(capacity, &wants, &mut units).or_else(|| {
            let above = wants.iter().zip(&units).filter(|(want, units)| **units > want.reserved);
            let last =
                above.map(|(want, &units)| (Level::of_last(units, want.weight), want.weight));
            last.max().map(|(level, _)| level)
        });
        self.partial = None;
        for place in 0..self.all.len() as u32 {
            self.shift(place, units_at(last, self.all[place as usize].weight));
        }
        if let Some(place) = last.and_then(|last| self.by_weight.get(&last.weight)).copied() {
            let before = self.all[place as usize].units;
            let served = claims.iter().zip(&units).filter(|((at, want), units)| {
                *at == place && **units > want.reserved && **units == before
            });
            let served = served.count() as u32;
            self.shift(place, before - 1);
            if served as usize == self.all[place as usize].open.len() {
                self.shift(place, before);
            } else {
                self.partial = Some((place, served));
            }
        }
        self.update_all();
    }

    /// A bundle without members.
    fn begin(&mut self, weight: u32) -> u32 {
        let bundle = Bundle::new(weight, 0);
        let place = self.vacant.pop().unwrap_or(self.all.len() as u32);
        match self.all.get_mut(place as usize) {
            Some(old) => *old = bundle,
            None => self.all.push(bundle),
        }
        self.by_weight.insert(weight, place);
        place
    }

    /// Gives a bundle other units. Returns what it took, in steps.
    fn shift(&mut self, place: u32, units: u64) -> usize {
        let bundle = &mut self.all[place as usize];
        if bundle.units == units {
            return 0;
        }
        let before = bundle.open.len();
        let Shift { gained, work } = bundle.set_units(units);
        self.total = self.total.wrapping_add_signed(gained);
        if bundle.open.len() != before {
            self.weigh(place, before);
        }
        work
    }

    /// Changes who is open in a bundle.
    fn change(&mut self, place: u32, change: impl FnOnce(&mut Bundle)) {
        let bundle = &mut self.all[place as usize];
        let before = bundle.open.len();
        change(bundle);
        self.weigh(place, before);
    }

    /// Weighs those who are open in a bundle, where before there were so many.
    fn weigh(&mut self, place: u32, before: usize) {
        let Bundle { weight, ref open, .. } = self.all[place as usize];
        let [was, is] = [before, open.len()].map(|count| (u64::from(weight), count as u128));
        let weights = |(weight, count): (u64, u128)| if count > 0 { weight } else { 0 };
        self.weight_of_open = self.weight_of_open - weights(was) + weights(is);
        let claims = |(weight, count): (u64, u128)| u128::from(weight) * count;
        self.weight_of_claims = self.weight_of_claims - claims(was) + claims(is);
    }

    /// Has a bundle take part where it may.
    fn update(&mut self, place: u32) {
        let Self { all, next, last, .. } = self;
        all[place as usize].look();
        let of = |place: u32| &all[place as usize];
        next.update(place, of(place).next.is_some(), |a, b| of(a).gains_before(of(b)));
        last.update(place, of(place).last.is_some(), |a, b| of(a).loses_before(of(b)));
    }

    /// Has all of them take part where they may.
    fn update_all(&mut self) {
        let Self { all, next, last, .. } = self;
        all.iter_mut().for_each(Bundle::look);
        let of = |place: u32| &all[place as usize];
        next.rebuild(all.len(), |one| of(one).next.is_some(), |a, b| of(a).gains_before(of(b)));
        last.rebuild(all.len(), |one| of(one).last.is_some(), |a, b| of(a).loses_before(of(b)));
    }
}

/// How many units a claim of this weight has been given when one at this level was the last.
fn units_at(last: Option<Level>, weight: u32) -> u64 {
    let Some(last) = last else { return 0 };
    let [one, other] = [weight, last.weight].map(u128::from);
    // Those whose middle is not above the level.
    let units = (last.half_units() * one + other) / (2 * other);
    let units = u64::try_from(units).unwrap_or(u64::MAX);
    let tied = units > 0 && Level::of_last(units, weight) == last;
    // Of equals, the lighter comes first.
    units - u64::from(tied && weight > last.weight)
}

/// As many steps may always be made before all bundles jump, and more with more bundles: a jump takes
/// about as long as a step for every eighth of them.
const FEW: usize = 4;
const BUNDLES_IN_A_STEP: usize = 8;

/// So often, a level is looked for by jumps and steps; where bounds lie in the way again and again,
/// all is divided anew.
const MOST_JUMPS: usize = 4;
