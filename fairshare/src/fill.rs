//! Water-filling in whole units: the one place where a capacity is divided by weight.
//!
//! Claims are given units one by one, each to the claim for which the middle of the next unit,
//! `(2 a_i + 1) / (2 w_i)`, is least: the divisor method of Sainte-Laguë (Webster), between a floor
//! and a ceiling. What is described unit by unit is found by search: at a trial level `λ` the units
//! below it are counted in one pass, without a division, and the few units between two levels on
//! either side of the answer are sorted.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::share::Level;

/// Claims that are alike.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Item {
    pub(crate) weight: u32,
    /// How many.
    pub(crate) count: u32,
    /// The least that each gets.
    pub(crate) floor: u64,
    /// The most that each gets.
    pub(crate) ceiling: u64,
}

impl Item {
    /// Of two that may have a unit at the same level, which comes first: the heavier one; then who
    /// has more for sure, then who may have more.
    pub(crate) fn precedence(&self, other: &Self) -> Ordering {
        let key = |item: &Self| (item.weight, item.floor, item.ceiling);
        key(other).cmp(&key(self))
    }
}

/// Of claims that are alike, only the first so many get one more unit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Partial {
    pub(crate) item: usize,
    pub(crate) count: u32,
}

/// Memory that is used again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filler {
    grants: Vec<Grant>,
}

/// A unit that lies between the two levels: the one after `units` others.
#[derive(Clone, Copy, Debug)]
struct Grant {
    units: u64,
    item: u32,
}

/// A trial level: units per unit of weight, times 2^64.
#[derive(Clone, Copy)]
struct Trial(u128);

/// What a trial level comes to.
struct Measured {
    total: u128,
    /// The weight of those between their floors and ceilings.
    active: u128,
}

impl Filler {
    /// Writes what each claim of each item gets into `units`: `min(capacity, sum of ceilings)` in
    /// all. The floors must not amount to more than the capacity.
    ///
    /// Linear time: at most some 400 passes, and five or six as a rule.
    pub(crate) fn fill(
        &mut self,
        capacity: u64,
        items: &[Item],
        units: &mut Vec<u64>,
    ) -> Option<Partial> {
        units.clear();
        let capacity = u128::from(capacity);
        let (mut least, mut most, mut weight, mut count) = (0, 0, 0, 0);
        for item in items {
            let alike = u128::from(item.count);
            least += u128::from(item.floor) * alike;
            most += u128::from(item.ceiling) * alike;
            weight += u128::from(item.weight) * alike;
            count += alike;
        }
        debug_assert!(least <= capacity, "the floors are feasible");
        if most <= capacity {
            units.extend(items.iter().map(|item| item.ceiling));
            return None;
        }
        if least >= capacity {
            units.extend(items.iter().map(|item| item.floor));
            return None;
        }
        let bracket = Bracket::around(capacity, items, [least, most], weight, count / 16 + 16);
        self.settle(capacity, items, bracket, units)
    }

    /// Hands out what lies between the two levels of the bracket.
    fn settle(
        &mut self,
        capacity: u128,
        items: &[Item],
        bracket: Bracket,
        units: &mut Vec<u64>,
    ) -> Option<Partial> {
        let Bracket { low, high, below, .. } = bracket;
        units.extend(items.iter().map(|item| low.units_of(item)));
        let mut left = capacity - below;
        if left == 0 {
            return None;
        }
        self.grants.clear();
        for ((item, &from), number) in items.iter().zip(&*units).zip(0..) {
            let until = high.units_of(item);
            self.grants.extend((from..until).map(|units| Grant { units, item: number }));
        }
        self.grants.sort_unstable_by(|one, other| {
            let [a, b] = [one, other].map(|grant| &items[grant.item as usize]);
            let level = Level::of_next(one.units, a.weight);
            level
                .cmp(&Level::of_next(other.units, b.weight))
                .then_with(|| a.precedence(b))
                .then(one.item.cmp(&other.item))
        });
        for grant in &self.grants {
            let item = grant.item as usize;
            let count = items[item].count;
            if u128::from(count) > left {
                return (left > 0).then_some(Partial { item, count: left as u32 });
            }
            left -= u128::from(count);
            units[item] += 1;
        }
        None
    }
}

/// Two levels with the answer between them.
struct Bracket {
    low: Trial,
    high: Trial,
    /// What is handed out at the lower level, at most the capacity.
    below: u128,
    /// What is handed out at the higher level at most, at least the capacity.
    above: u128,
}

impl Bracket {
    /// Narrows it down until at most `window` units lie between the levels.
    fn around(
        capacity: u128,
        items: &[Item],
        [least, most]: [u128; 2],
        weight: u128,
        window: u128,
    ) -> Self {
        // Up there, every claim gets more than there is, or its ceiling.
        let high = Trial((capacity << 64).saturating_add(1 << 64));
        let mut bracket = Self { low: Trial(0), high, below: least, above: most };
        let mut guess = (capacity << 64) / weight;
        for turn in 0_u32.. {
            let Self { low, high, below, above } = bracket;
            if above - below <= window || high.0 - low.0 <= 1 {
                break;
            }
            // Newton's steps may crawl; halving comes to an end.
            if turn % 3 == 2 || guess <= low.0 || guess >= high.0 {
                guess = middle(low.0, high.0);
            }
            let measured = Trial(guess).measure(items);
            if measured.total <= capacity {
                (bracket.low, bracket.below) = (Trial(guess), measured.total);
                if measured.total == capacity {
                    break;
                }
            } else {
                (bracket.high, bracket.above) = (Trial(guess), measured.total);
            }
            guess = measured.step(capacity, guess, window / 2).unwrap_or(0);
        }
        bracket
    }
}

impl Measured {
    /// Where the capacity is used up if the same claims stay between their bounds, and a little
    /// beyond, so that the answer comes to lie between.
    fn step(&self, capacity: u128, at: u128, beyond: u128) -> Option<u128> {
        let distance = capacity.abs_diff(self.total) + beyond;
        let distance = u64::try_from(distance).ok()?;
        let step = (u128::from(distance) << 64).checked_div(self.active)?;
        if self.total < capacity { at.checked_add(step) } else { at.checked_sub(step) }
    }
}

impl Trial {
    /// How many units of a claim have their middle at or below this level, whatever its bounds.
    fn units(self, weight: u32) -> u64 {
        let (whole, part) = ((self.0 >> 64) as u64, self.0 as u64);
        let below = (u128::from(part) * u128::from(weight) + HALF) >> 64;
        let units = u128::from(whole) * u128::from(weight) + below;
        u64::try_from(units).unwrap_or(u64::MAX)
    }

    fn units_of(self, item: &Item) -> u64 {
        self.units(item.weight).clamp(item.floor, item.ceiling)
    }

    fn measure(self, items: &[Item]) -> Measured {
        // Low levels, where products fit into 64 bits, as a rule.
        if self.0 >> 64 < 1 << 31 {
            let (whole, part) = ((self.0 >> 64) as u64, self.0 as u64);
            let units = |weight: u32| {
                let below = (u128::from(part) * u128::from(weight) + HALF) >> 64;
                whole * u64::from(weight) + below as u64
            };
            measure(items, units)
        } else {
            measure(items, |weight| self.units(weight))
        }
    }
}

#[inline(always)]
fn measure(items: &[Item], units: impl Fn(u32) -> u64) -> Measured {
    let mut measured = Measured { total: 0, active: 0 };
    for item in items {
        let count = u128::from(item.count);
        let level = units(item.weight);
        measured.total += u128::from(level.clamp(item.floor, item.ceiling)) * count;
        let active = item.floor <= level && level < item.ceiling;
        measured.active += u128::from(item.weight) * count * u128::from(active);
    }
    measured
}

/// Between the two: by magnitude as long as these differ much.
fn middle(low: u128, high: u128) -> u128 {
    let [few, many] = [low, high].map(|level| u128::BITS - level.leading_zeros());
    if many > few + 1 { 1 << few.midpoint(many - 1) } else { low + (high - low) / 2 }
}

const HALF: u128 = 1 << 63;
