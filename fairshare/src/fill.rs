//! Water-filling in whole units: the one place where a capacity is divided by weight.
//!
//! Units go one by one, each to the claim for which the middle of the next unit,
//! `(2 a_i + 1) / (2 w_i)`, is least: the divisor method of Sainte-Laguë (Webster), between a floor
//! and a ceiling. What is described unit by unit is found by search: at a trial level `λ` the units
//! below it are counted in one pass, without a division, and the few units between two levels on
//! either side of the answer are compared.

use alloc::vec::Vec;

use crate::share::Level;

/// What is asked for one claim: a weight, and the least and the most that it gets.
pub(crate) trait Bid {
    fn weight(&self) -> u32;
    fn floor(&self) -> u64;
    fn ceiling(&self) -> u64;
}

/// Memory that is used again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filler {
    grants: Vec<Grant>,
}

/// A unit that lies between two levels: the one after `units` others.
#[derive(Clone, Copy, Debug)]
struct Grant {
    level: Level,
    bid: u32,
}

impl Filler {
    /// Writes what each claim gets into `units`: `min(capacity, sum of ceilings)` in all. The floors
    /// must not come to more than the capacity. Returns the level, if it is at hand.
    ///
    /// Ties: the lighter first, then in order. Linear time: a few hundred passes at most, four or
    /// five as a rule.
    pub(crate) fn fill<B: Bid>(
        &mut self,
        capacity: u64,
        bids: &[B],
        units: &mut Vec<u64>,
    ) -> Option<Level> {
        units.clear();
        let capacity = u128::from(capacity);
        let (mut least, mut most, mut weight) = (0, 0, 0);
        for bid in bids {
            least += u128::from(bid.floor());
            most += u128::from(bid.ceiling());
            weight += u128::from(bid.weight());
        }
        debug_assert!(least <= capacity, "the floors are feasible");
        if most <= capacity {
            units.extend(bids.iter().map(Bid::ceiling));
            return None;
        }
        if least >= capacity {
            units.extend(bids.iter().map(Bid::floor));
            return None;
        }
        let window = bids.len() as u128 / 16 + 8;
        let bracket = Bracket::around(capacity, bids, [least, most], weight, window);
        self.settle(capacity, bids, &bracket, units)
    }

    /// Hands out what lies between the two levels of the bracket.
    fn settle<B: Bid>(
        &mut self,
        capacity: u128,
        bids: &[B],
        bracket: &Bracket,
        units: &mut Vec<u64>,
    ) -> Option<Level> {
        let [low, high] = [bracket.low, bracket.high].map(Trial::new);
        let left = (capacity - bracket.below) as usize;
        if left == 0 {
            units.extend(bids.iter().map(|bid| low.of(bid)));
            return None;
        }
        self.grants.clear();
        units.extend(bids.iter().zip(0..).map(|(bid, number)| {
            let (from, until) = (low.of(bid), high.of(bid));
            for units in from..until {
                self.grants.push(Grant { level: Level::of_next(units, bid.weight()), bid: number });
            }
            from
        }));
        let order = |one: &Grant, other: &Grant| {
            let lighter = one.level.weight.cmp(&other.level.weight);
            one.level.cmp(&other.level).then(lighter).then(one.bid.cmp(&other.bid))
        };
        let (before, last, _) = self.grants.select_nth_unstable_by(left - 1, order);
        for grant in before.iter().chain([&*last]) {
            units[grant.bid as usize] += 1;
        }
        Some(last.level)
    }
}

/// Two levels with the answer between them, in units per unit of weight, times 2^64.
struct Bracket {
    low: u128,
    high: u128,
    /// What is handed out at the lower level, at most the capacity.
    below: u128,
    /// What is handed out at the higher level at most, at least the capacity.
    above: u128,
}

impl Bracket {
    /// Narrows it down until at most `window` units lie between the levels.
    fn around<B: Bid>(
        capacity: u128,
        bids: &[B],
        [least, most]: [u128; 2],
        weight: u128,
        window: u128,
    ) -> Self {
        // Up there, every claim gets more than there is, or its ceiling.
        let high = (capacity << 64).saturating_add(1 << 64);
        let mut bracket = Self { low: 0, high, below: least, above: most };
        let mut guess = (capacity << 64) / weight;
        let unbounded = least == 0 && most == u128::from(u64::MAX) * bids.len() as u128;
        if !unbounded {
            guess = guessed(capacity, bids, guess);
        }
        let mut gap = most;
        for turn in 1_u32.. {
            let Self { low, high, below, above } = bracket;
            if above - below <= window || high - low <= 1 {
                break;
            }
            // Newton's steps may crawl; halving comes to an end.
            let crawls = turn % 4 == 0 && above - below > gap / 8;
            if crawls && above - below <= bids.len() as u128 {
                // Many are equal: it takes less to look at all their units.
                break;
            }
            if turn % 4 == 0 {
                gap = above - below;
            }
            if crawls || guess <= low || guess >= high {
                guess = middle(low, high);
            }
            let rough = shortened(guess);
            if rough > low {
                guess = rough;
            }
            let (total, active) = measure(Trial::new(guess), bids.iter());
            if total <= capacity {
                (bracket.low, bracket.below) = (guess, total);
            } else {
                (bracket.high, bracket.above) = (guess, total);
            }
            if total == capacity {
                break;
            }
            // A little beyond, so that the answer comes to lie between.
            guess = stepped(guess, capacity, total, active, window / 2);
        }
        bracket
    }
}

/// Where the search begins: found among one of sixteen claims, which costs little.
fn guessed<B: Bid>(capacity: u128, bids: &[B], mut guess: u128) -> u128 {
    let sample = || bids.iter().step_by(16);
    if bids.len() < 256 {
        return guess;
    }
    let capacity = capacity * sample().len() as u128 / bids.len() as u128;
    for _ in 0..5 {
        let (total, active) = measure(Trial::new(shortened(guess)), sample());
        guess = stepped(guess, capacity, total, active, 0);
    }
    guess
}

/// Where the capacity is used up if the same claims stay between their bounds: Newton's step.
pub(crate) fn stepped(
    guess: u128,
    capacity: u128,
    total: u128,
    active: u128,
    beyond: u128,
) -> u128 {
    let distance = u64::try_from(capacity.abs_diff(total) + beyond).unwrap_or(u64::MAX);
    let step = (u128::from(distance) << 64).checked_div(active).unwrap_or(0);
    if total < capacity { guess.saturating_add(step) } else { guess.saturating_sub(step) }
}

/// What is handed out at a level, and the weight of those between their floors and ceilings.
fn measure<'a, B: Bid + 'a>(trial: Trial, bids: impl Iterator<Item = &'a B>) -> (u128, u128) {
    if trial.short {
        measure_with(|weight| trial.short_units(weight), bids)
    } else {
        measure_with(|weight| trial.long_units(weight), bids)
    }
}

#[inline(always)]
fn measure_with<'a, B: Bid + 'a>(
    units: impl Fn(u32) -> u64,
    bids: impl Iterator<Item = &'a B>,
) -> (u128, u128) {
    let (mut total, mut active) = (0_u128, 0_u64);
    for bid in bids {
        let (floor, ceiling) = (bid.floor(), bid.ceiling());
        let level = units(bid.weight());
        total += u128::from(level.max(floor).min(ceiling));
        let between = u64::from(floor <= level) & u64::from(level < ceiling);
        // There are less than 2^32, of less than 2^32 each.
        active += u64::from(bid.weight()) & between.wrapping_neg();
    }
    (total, active.into())
}

/// A trial level, prepared for many multiplications.
#[derive(Clone, Copy)]
pub(crate) struct Trial {
    level: u128,
    /// Whether the level is `number / 2^shift`, below 2^31 and 64: products, rounded, fit into 64 bits.
    short: bool,
    number: u64,
    shift: u32,
}

impl Trial {
    pub(crate) fn new(level: u128) -> Self {
        let zeros = level.trailing_zeros().min(63);
        let number = level >> zeros;
        let short = number < 1 << 31 && zeros > 0;
        Self { level, short, number: number as u64, shift: 64 - zeros }
    }

    /// What a claim gets at this level.
    fn of<B: Bid>(&self, bid: &B) -> u64 {
        self.units(bid.weight()).max(bid.floor()).min(bid.ceiling())
    }

    /// How many units for this weight have their middle at or below the level.
    pub(crate) fn units(&self, weight: u32) -> u64 {
        if self.short { self.short_units(weight) } else { self.long_units(weight) }
    }

    #[inline(always)]
    fn short_units(&self, weight: u32) -> u64 {
        (self.number * u64::from(weight) + (1 << (self.shift - 1))) >> self.shift
    }

    #[inline(always)]
    fn long_units(&self, weight: u32) -> u64 {
        let (whole, part) = ((self.level >> 64) as u64, self.level as u64);
        let below = (u128::from(part) * u128::from(weight) + (1 << 63)) >> 64;
        let units = u128::from(whole) * u128::from(weight) + below;
        u64::try_from(units).unwrap_or(u64::MAX)
    }
}

/// With its first 31 bits alone.
fn shortened(level: u128) -> u128 {
    let zeros = (u128::BITS - level.leading_zeros()).saturating_sub(31);
    level >> zeros << zeros
}

/// Between the two: by magnitude as long as these differ much.
fn middle(low: u128, high: u128) -> u128 {
    let [few, many] = [low, high].map(|level| u128::BITS - level.leading_zeros());
    if many > few + 1 { 1 << few.midpoint(many - 1) } else { low + (high - low) / 2 }
}
