use alloc::boxed::Box;
use alloc::vec::Vec;

use proptest::prelude::*;
use quickcheck::{Arbitrary, Gen};

use super::{CaseSize, Family, Random};

/// Something that happens to an online packer. Bins and items are counted from the first that came,
/// modulo how many came, whether they are still there or not; by the checks of the kit, modulo those
/// that are there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Operation<S = u64> {
    /// A bin joins.
    Add {
        /// Its capacity.
        capacity: S,
    },
    /// A bin goes away.
    Remove {
        /// Which.
        bin: usize,
    },
    /// An item comes.
    Place {
        /// Its size.
        size: S,
    },
    /// An item leaves.
    Leave {
        /// Which.
        item: usize,
    },
    /// A size is put in a bin, whatever is left of it.
    Occupy {
        /// In which.
        bin: usize,
        /// How much.
        size: S,
    },
    /// A size is taken out of a bin, whatever is in it.
    Release {
        /// Of which.
        bin: usize,
        /// How much.
        size: S,
    },
}

impl<S> Operation<S> {
    /// With other amounts.
    fn map(self, change: impl FnOnce(S) -> S) -> Self {
        match self {
            Self::Add { capacity } => Self::Add { capacity: change(capacity) },
            Self::Place { size } => Self::Place { size: change(size) },
            Self::Occupy { bin, size } => Self::Occupy { bin, size: change(size) },
            Self::Release { bin, size } => Self::Release { bin, size: change(size) },
            other => other,
        }
    }
}

/// Operations, for a packer that opens bins or one that does not.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "these two are what a case is")]
pub struct Operations<S = u64> {
    /// The capacity of bins that open, if they do.
    pub opening: Option<S>,
    /// What happens.
    pub operations: Vec<Operation<S>>,
}

/// What sizes and capacities there are: few, so that there are many ties, or any.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Scale {
    /// Capacities up to 8.
    Tiny,
    /// Capacities up to 100.
    Small,
    /// Capacities up to a million.
    Medium,
    /// All of 64 bits, and their limits.
    Huge,
    /// Each of another magnitude.
    Mixed,
}

impl Scale {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Tiny, Self::Small, Self::Medium, Self::Huge, Self::Mixed];

    fn amount_of_bin(self, random: &mut Random) -> u64 {
        match self {
            Self::Tiny => random.below(9),
            Self::Small => 50 + random.below(51),
            Self::Medium => 500_000 + random.below(4) * 125_000,
            Self::Huge => u64::MAX - random.below(3),
            Self::Mixed => random.word() >> random.below(64),
        }
    }

    fn amount_of_item(self, random: &mut Random) -> u64 {
        match self {
            Self::Tiny => random.below(5),
            Self::Small => random.below(60),
            Self::Medium => random.below(300_000),
            Self::Huge | Self::Mixed if random.below(8) == 0 => u64::MAX - random.below(3),
            Self::Huge => random.word() >> random.below(6),
            Self::Mixed => random.word() >> random.below(64),
        }
    }

    /// Half of the vectors have the same in each dimension.
    fn capacity<S: CaseSize>(self, random: &mut Random) -> S {
        if S::DIMENSIONS > 1 && random.below(2) == 0 {
            let amount = self.amount_of_bin(random);
            return S::from_fn(|_| amount);
        }
        S::from_fn(|_| self.amount_of_bin(random))
    }

    fn size<S: CaseSize>(self, family: Family, random: &mut Random) -> S {
        if family == Family::Uniform {
            return S::from_fn(|_| self.amount_of_item(random));
        }
        let capacity = self.capacity::<S>(random);
        family.one(random, &capacity)
    }
}

impl<S: CaseSize> Operations<S> {
    /// So many, of this scale, by this seed; up to about `bins` bins at a time if none opens. The
    /// dimensions of vectors are correlated in some way or not.
    #[must_use]
    pub fn seeded(seed: u64, scale: Scale, opens: bool, bins: usize, length: usize) -> Self {
        let mut random = Random::new(seed);
        let family = if S::DIMENSIONS > 1 {
            [Family::Uniform, Family::Correlated, Family::Anticorrelated][random.below(3) as usize]
        } else {
            Family::Uniform
        };
        let opening = opens.then(|| scale.capacity(&mut random));
        // Phases of more placements and of more departures.
        let phase = 1 + random.below(length as u64 / 2 + 1);
        let mut operations = Vec::with_capacity(length);
        let initial = if opens { 0 } else { bins.min(length / 2) };
        for _ in 0..initial {
            operations.push(Operation::Add { capacity: scale.capacity(&mut random) });
        }
        for at in initial..length {
            let filling = (at as u64 / phase).is_multiple_of(2);
            let which = random.word() as usize;
            operations.push(match random.below(40) {
                0 => Operation::Add { capacity: scale.capacity(&mut random) },
                1 => Operation::Remove { bin: which },
                2 => Operation::Release { bin: which, size: scale.size(family, &mut random) },
                3 => Operation::Occupy { bin: which, size: scale.size(family, &mut random) },
                choice if choice < if filling { 30 } else { 12 } => {
                    Operation::Place { size: scale.size(family, &mut random) }
                }
                _ => Operation::Leave { item: which },
            });
        }
        Self { opening, operations }
    }

    /// The same with smaller amounts: those of a dimension are divided by the least power of two
    /// that leaves no capacity above the `most` of the dimension. Sizes may still be above it.
    #[must_use]
    pub fn within(self, most: impl Fn(usize) -> u64) -> Self {
        let capacities = || {
            let joins = self.operations.iter().filter_map(|operation| match operation {
                Operation::Add { capacity } => Some(capacity),
                _ => None,
            });
            self.opening.iter().chain(joins)
        };
        let shift = |dimension: usize| {
            let largest = capacities().map(|capacity| capacity.amounts()[dimension]).max();
            let (largest, most) = (largest.unwrap_or(0), most(dimension));
            (0..64).find(|shift| largest >> shift <= most).unwrap_or(64)
        };
        let shifts: Vec<u32> = (0..S::DIMENSIONS).map(shift).collect();
        let less = |size: S| {
            let amount =
                |dimension: usize| size.amounts()[dimension].checked_shr(shifts[dimension]);
            S::from_fn(|dimension| amount(dimension).unwrap_or(0))
        };
        Self {
            opening: self.opening.map(less),
            operations: self.operations.into_iter().map(|each| each.map(less)).collect(),
        }
    }

    /// The same with sizes cut to the `most` of each dimension; capacities stay.
    #[must_use]
    pub fn with_sizes_within(mut self, most: impl Fn(usize) -> u64) -> Self {
        for operation in &mut self.operations {
            if let Operation::Place { size }
            | Operation::Occupy { size, .. }
            | Operation::Release { size, .. } = operation
            {
                *size = S::from_fn(|dimension| size.amounts()[dimension].min(most(dimension)));
            }
        }
        self
    }
}

/// Up to `length` of them, of any scale.
pub fn operations<S: CaseSize>(length: usize) -> impl Strategy<Value = Operations<S>> {
    let scale = proptest::sample::select(&Scale::ALL[..]);
    (any::<u64>(), scale, any::<bool>(), 0..40_usize).prop_flat_map(
        move |(seed, scale, opens, bins)| {
            let all = Operations::seeded(seed, scale, opens, bins, length);
            let opening = all.opening;
            // So that it shrinks to the few that matter.
            proptest::sample::subsequence(all.operations, 0..=length)
                .prop_map(move |operations| Operations { opening, operations })
        },
    )
}

impl<S: CaseSize> Arbitrary for Operations<S> {
    fn arbitrary(random: &mut Gen) -> Self {
        let scale = *random.choose(&Scale::ALL).unwrap_or(&Scale::Tiny);
        let (seed, opens) = (u64::arbitrary(random), bool::arbitrary(random));
        let length = random.size();
        Self::seeded(seed, scale, opens, length / 4, length)
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let opening = self.opening;
        let length = self.operations.len();
        let halves = [0..length / 2, length / 2..length].map(|half| self.operations[half].to_vec());
        let without = (0..length).map({
            let all = self.operations.clone();
            move |at| all.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, op)| *op).collect()
        });
        let halves = halves.into_iter().filter(move |half| half.len() < length);
        Box::new(halves.chain(without).map(move |operations| Self { opening, operations }))
    }
}
