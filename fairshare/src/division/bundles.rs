use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Bound::{Excluded, Included, Unbounded};

use super::tournament::Tournament;
use crate::divide::Want;
use crate::fill::Filler;
use crate::share::Level;

/// All claims of the same weight. Each has as many units as the others, within its own bounds.
#[derive(Clone, Debug)]
struct Bundle {
    weight: u32,
    /// What each has, but for its bounds.
    units: u64,
    /// Those that have just so many and may have more, in order of their numbers.
    open: Vec<u32>,
    /// All of them by their floors, and by their ceilings, each list in order. A claim whose floor is
    /// its ceiling is in none.
    floors: BTreeMap<u64, Vec<u32>>,
    ceilings: BTreeMap<u64, Vec<u32>>,
    members: u32,
    /// Bounds on either side: between them, no claim of this bundle begins or ends.
    calm: (u64, u64),
    /// The next unit that would be handed out here, and the last one that was.
    next: Option<Level>,
    last: Option<Level>,
}

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
    /// What all may have.
    ceilings: u128,
    /// The bundle of whose open claims only the first so many have one more unit.
    partial: Option<(u32, u32)>,
    filler: Filler,
}

impl Bundle {
    fn new(weight: u32, units: u64) -> Self {
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

    fn has(&self, want: &Want) -> u64 {
        self.units.max(want.reserved).min(want.most)
    }

    /// How many units each has before the next one is handed out here; none if none will be.
    fn next_units(&self) -> Option<u64> {
        if !self.open.is_empty() {
            return Some(self.units);
        }
        let above = self.floors.range((Excluded(self.units), Unbounded));
        above.map(|(&floor, _)| floor).next()
    }

    /// How many units each has after the last one was handed out here; none if none was.
    fn last_units(&self) -> Option<u64> {
        let count = |map: &BTreeMap<u64, Vec<u32>>| map.get(&self.units).map_or(0, Vec::len);
        if self.open.len() > count(&self.floors) || count(&self.ceilings) > 0 {
            return Some(self.units);
        }
        self.ceilings.range(..self.units).map(|(&ceiling, _)| ceiling).next_back()
    }

    fn look(&mut self) {
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
    fn gains_before(&self, other: &Self) -> bool {
        let order = self.next.cmp(&other.next);
        order.then(self.weight.cmp(&other.weight)) == Ordering::Less
    }

    /// Whether its last unit came after that of another.
    fn loses_before(&self, other: &Self) -> bool {
        let order = self.last.cmp(&other.last);
        order.then(self.weight.cmp(&other.weight)) == Ordering::Greater
    }

    fn insert(&mut self, number: u32, want: &Want) {
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

    fn remove(&mut self, number: u32, want: &Want) {
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

    /// Gives each so many units. Returns how many claims have reached a bound.
    fn set_units(&mut self, units: u64) -> usize {
        let up = units > self.units;
        let (low, high) = if up { (self.units, units) } else { (units, self.units) };
        if self.calm.0 <= low && high < self.calm.1 {
            self.units = units;
            return 0;
        }
        let crossed = (Excluded(low), Included(high));
        let mut count = 0;
        let [entering, leaving] =
            if up { [&self.floors, &self.ceilings] } else { [&self.ceilings, &self.floors] };
        // Who enters first may leave again at once.
        for list in entering.range(crossed).map(|(_, list)| list) {
            merge(&mut self.open, list);
            count += list.len();
        }
        for list in leaving.range(crossed).map(|(_, list)| list) {
            subtract(&mut self.open, list);
            count += list.len();
        }
        self.units = units;
        count
    }
}

impl Bundles {
    /// Puts a claim with those of its weight. Returns the number of their bundle.
    pub(super) fn insert(&mut self, number: u32, want: &Want) -> u32 {
        self.partial = None;
        let place = self.by_weight.get(&want.weight).copied();
        let place = place.unwrap_or_else(|| self.begin(want.weight));
        let level = self.level();
        let bundle = &mut self.all[place as usize];
        // Without anybody open, it may have fallen behind.
        bundle.set_units(units_at(level, want.weight));
        bundle.insert(number, want);
        self.total += u128::from(bundle.has(want));
        self.ceilings += u128::from(want.most);
        self.update(place);
        place
    }

    /// Takes a claim out of its bundle.
    pub(super) fn remove(&mut self, place: u32, number: u32, want: &Want) {
        self.partial = None;
        let bundle = &mut self.all[place as usize];
        bundle.remove(number, want);
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
    /// it is better to divide anew, among so many claims.
    pub(super) fn settle(&mut self, capacity: u64, claims: usize) -> bool {
        self.partial = None;
        let wanted = self.ceilings.min(capacity.into());
        let mut work = FEW + claims / 16;
        while self.total != wanted {
            let short = self.total < wanted;
            let Some(place) = (if short { self.next.first() } else { self.last.first() }) else {
                return false;
            };
            let bundle = &mut self.all[place as usize];
            let mut crossed = 0;
            if short {
                if let Some(units) = bundle.next_units().filter(|&units| units > bundle.units) {
                    crossed += bundle.set_units(units);
                }
                let count = bundle.open.len() as u128;
                if wanted - self.total < count {
                    self.partial = Some((place, (wanted - self.total) as u32));
                    self.update(place);
                    return true;
                }
                self.total += count;
                crossed += bundle.set_units(bundle.units + 1);
            } else {
                if let Some(units) = bundle.last_units().filter(|&units| units < bundle.units) {
                    crossed += bundle.set_units(units);
                }
                crossed += bundle.set_units(bundle.units - 1);
                self.total -= bundle.open.len() as u128;
            }
            self.update(place);
            let Some(left) = work.checked_sub(1 + crossed) else { return false };
            work = left;
        }
        true
    }

    /// Divides without regard to what everybody has. Linear time.
    pub(super) fn divide_anew(&mut self, capacity: u64, claims: &[(u32, Want)]) {
        let wants: Vec<Want> = claims.iter().map(|(_, want)| *want).collect();
        let mut units = Vec::with_capacity(wants.len());
        self.filler.fill(capacity, &wants, &mut units);
        let above = wants.iter().zip(&units).filter(|(want, units)| **units > want.reserved);
        let last = above.map(|(want, &units)| (Level::of_last(units, want.weight), want.weight));
        let last = last.max().map(|(level, _)| level);
        self.partial = None;
        for bundle in &mut self.all {
            bundle.set_units(units_at(last, bundle.weight));
        }
        if let Some(place) = last.and_then(|last| self.by_weight.get(&last.weight)) {
            let bundle = &mut self.all[*place as usize];
            let served = claims.iter().zip(&units).filter(|((at, want), units)| {
                *at == *place && **units > want.reserved && **units == bundle.units
            });
            let served = served.count() as u32;
            bundle.set_units(bundle.units - 1);
            if served as usize == bundle.open.len() {
                bundle.set_units(bundle.units + 1);
            } else {
                self.partial = Some((*place, served));
            }
        }
        self.total =
            claims.iter().map(|(at, want)| u128::from(self.all[*at as usize].has(want))).sum();
        self.all.iter_mut().for_each(Bundle::look);
        let Self { all, next, last, .. } = self;
        let of = |place: u32| &all[place as usize];
        next.rebuild(all.len(), |one| of(one).next.is_some(), |a, b| of(a).gains_before(of(b)));
        last.rebuild(all.len(), |one| of(one).last.is_some(), |a, b| of(a).loses_before(of(b)));
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

    /// Has a bundle take part where it may.
    fn update(&mut self, place: u32) {
        let Self { all, next, last, .. } = self;
        all[place as usize].look();
        let of = |place: u32| &all[place as usize];
        next.update(place, of(place).next.is_some(), |a, b| of(a).gains_before(of(b)));
        last.update(place, of(place).last.is_some(), |a, b| of(a).loses_before(of(b)));
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

fn insert(list: &mut Vec<u32>, number: u32) {
    list.insert(list.partition_point(|&other| other < number), number);
}

fn remove(list: &mut Vec<u32>, number: u32) {
    if let Ok(place) = list.binary_search(&number) {
        list.remove(place);
    }
}

fn merge(list: &mut Vec<u32>, more: &[u32]) {
    if let [one] = more {
        insert(list, *one);
    } else {
        list.extend_from_slice(more);
        list.sort_unstable();
    }
}

fn subtract(list: &mut Vec<u32>, less: &[u32]) {
    if let [one] = less {
        remove(list, *one);
    } else {
        list.retain(|number| less.binary_search(number).is_err());
    }
}

/// So much may always be moved before all is divided anew.
const FEW: usize = 16;
