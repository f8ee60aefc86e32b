use alloc::vec;
use alloc::vec::Vec;

use super::{CaseSize, Family, Random, Violation, cut, items};
use crate::reference::fewest_bins;
use crate::{Assignment, Flaw, Instance, VectorInstance, check, check_vectors};

/// Items that are all known beforehand: [`Instance`], or [`VectorInstance`].
pub trait CaseInstance: Sized {
    /// What an item needs, and a bin has.
    type Size: CaseSize;

    /// These items, and bins of this capacity. There are less than 2^32 - 1 items.
    fn of(capacity: Self::Size, sizes: Vec<Self::Size>) -> Self;

    /// What a bin can hold.
    fn bin(&self) -> Self::Size;

    /// The size of each item.
    fn items(&self) -> &[Self::Size];

    /// Whether it is a packing.
    ///
    /// # Errors
    ///
    /// What the independent checker has found.
    fn check(&self, assignment: &Assignment) -> Result<(), Flaw>;

    /// The fewest bins, by brute force.
    fn fewest_bins(&self) -> usize;
}

impl CaseInstance for Instance {
    type Size = u64;

    fn of(capacity: u64, sizes: Vec<u64>) -> Self {
        Self::new(capacity, sizes).expect("few")
    }

    fn bin(&self) -> u64 {
        self.capacity()
    }

    fn items(&self) -> &[u64] {
        self.sizes()
    }

    fn check(&self, assignment: &Assignment) -> Result<(), Flaw> {
        check(self, assignment)
    }

    fn fewest_bins(&self) -> usize {
        let sizes: Vec<[u64; 1]> = self.sizes().iter().map(|size| [*size]).collect();
        fewest_bins(&[self.capacity()], &sizes)
    }
}

impl<const D: usize> CaseInstance for VectorInstance<D> {
    type Size = [u64; D];

    fn of(capacity: [u64; D], sizes: Vec<[u64; D]>) -> Self {
        Self::new(capacity, sizes).expect("few")
    }

    fn bin(&self) -> [u64; D] {
        *self.capacity()
    }

    fn items(&self) -> &[[u64; D]] {
        self.sizes()
    }

    fn check(&self, assignment: &Assignment) -> Result<(), Flaw> {
        check_vectors(self.capacity(), self.sizes(), assignment)
    }

    fn fewest_bins(&self) -> usize {
        fewest_bins(self.capacity(), self.sizes())
    }
}

/// Packs instances whose fewest bins are known, as [`known_optima`] has them: every item that fits a
/// bin is in one, no bin holds more than it can or is empty, and there are no more bins than `most`
/// says of the fewest. For first fit that is [`most_bins`](super::most_bins); where nothing is
/// promised, `|_| usize::MAX`.
///
/// # Errors
///
/// The first law that is broken.
pub fn check_offline<I: CaseInstance>(
    cases: impl IntoIterator<Item = (I, usize)>,
    most: impl Fn(usize) -> usize,
    pack: impl Fn(&I) -> Assignment,
) -> Result<(), Violation<I::Size>> {
    for (instance, optimum) in cases {
        let packing = pack(&instance);
        check_packing(&instance, &packing)?;
        let (bins, most) = (packing.bins(), most(optimum));
        if bins > most {
            return Err(Violation::TooManyBins { bins, optimum, most });
        }
    }
    Ok(())
}

/// The same for packings that come with a lower bound: no packing has fewer bins than that. So it is
/// optimal if it has as many bins as its bound; of a packer that only says whether it is, the bound
/// is the number of bins if it is, and 0 if not.
///
/// # Errors
///
/// The first law that is broken.
pub fn check_bounds<I: CaseInstance>(
    cases: impl IntoIterator<Item = (I, usize)>,
    pack: impl Fn(&I) -> (Assignment, usize),
) -> Result<(), Violation<I::Size>> {
    for (instance, optimum) in cases {
        let (packing, bound) = pack(&instance);
        check_packing(&instance, &packing)?;
        if bound > optimum {
            return Err(Violation::FalseBound { bound, optimum });
        }
    }
    Ok(())
}

fn check_packing<I: CaseInstance>(
    instance: &I,
    packing: &Assignment,
) -> Result<(), Violation<I::Size>> {
    let items = instance.items().len();
    instance.check(packing).map_err(|flaw| Violation::NoPacking { flaw, items })
}

/// Instances whose fewest bins are known: small ones of all families, by brute force, with items that
/// need nothing or fit no bin, and the limits of 64 bits; bins that were full; and those on which
/// first fit and next fit do worst.
#[must_use]
pub fn known_optima<I: CaseInstance>(seed: u64) -> Vec<(I, usize)> {
    let mut random = Random::new(seed);
    let alike = |amount: u64| I::Size::from_fn(|_| amount);
    let solved = |capacity: u64, sizes: Vec<I::Size>| {
        let instance = I::of(alike(capacity), sizes);
        let optimum = instance.fewest_bins();
        (instance, optimum)
    };
    let full = u64::MAX;
    let mut all = vec![
        solved(10, Vec::new()),
        solved(10, [11, 12].map(alike).into()),
        solved(0, [0, 0, 1].map(alike).into()),
        solved(full, [full, full, 1, 0].map(alike).into()),
        solved(full - 1, [full, full / 2, full / 2, full / 2, full].map(alike).into()),
    ];
    for capacity in CAPACITIES {
        for family in Family::ALL {
            for count in 1..=MOST_SOLVED {
                let mut sizes = items(random.word(), family, alike(capacity), count);
                if let Some(size) = sizes.first_mut().filter(|_| random.below(4) == 0) {
                    let extremes = [0, capacity, capacity.saturating_add(1)];
                    *size = I::Size::from_fn(|_| extremes[random.below(3) as usize]);
                }
                all.push(solved(capacity, sizes));
            }
            for bins in [1, 2, 3, 7, 20, 60] {
                let sizes = cut(random.word(), family, alike(capacity), bins);
                all.extend(sizes.map(|sizes| (I::of(alike(capacity), sizes), bins)));
            }
        }
    }
    for capacity in [1_000, 1 << 40, full] {
        for bins in [6, 30, 120] {
            let sizes = steps(capacity, bins).into_iter().map(alike).collect();
            all.push((I::of(alike(capacity), sizes), bins));
        }
        for halves in [2, 10, 100] {
            let sizes = core::iter::repeat_n([capacity / 2, 1].map(alike), halves);
            let sizes = sizes.flatten().collect();
            // What is odd leaves room for one more in each of the bins of two halves.
            let rest = halves - if capacity % 2 == 1 { halves / 2 } else { 0 };
            let optimum = halves / 2 + usize::from(rest > 0);
            all.push((I::of(alike(capacity), sizes), optimum));
        }
    }
    all
}

/// Bins cut into a little more than a seventh, a little more than a third and the rest, more than a
/// half; the smaller ones come first. First fit puts six, two and one to a bin, which makes ten bins
/// of six. *Source:* Garey and Johnson, *Computers and Intractability*, 1979, section 6.1.
fn steps(capacity: u64, bins: usize) -> impl IntoIterator<Item = u64> {
    let (first, second) = (capacity / 7 + 1, capacity / 3 + 1);
    let rest = capacity - first - second;
    [first, second, rest].into_iter().flat_map(move |size| core::iter::repeat_n(size, bins))
}

const CAPACITIES: [u64; 6] = [8, 20, 100, 1_000, 1 << 40, u64::MAX];
/// Items up to which brute force takes no time.
const MOST_SOLVED: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_below_the_bounds() {
        for (instance, optimum) in known_optima::<Instance>(1) {
            assert!(crate::l2(&instance) <= optimum);
        }
        for (instance, optimum) in known_optima::<VectorInstance<3>>(1) {
            assert!(crate::vector_lower_bound(&instance) <= optimum);
        }
    }

    #[test]
    fn first_and_next_fit_do_badly_on_what_is_made_for_that() {
        use crate::{Fit, Order, pack};

        let worst = |fit| {
            let all = known_optima::<Instance>(1).into_iter();
            let excess = all.map(|(instance, optimum)| {
                let packing = pack(&instance, fit, Order::AsGiven);
                check(&instance, &packing).unwrap();
                (packing.bins() * 100).checked_div(optimum)
            });
            excess.flatten().max()
        };
        assert_eq!(worst(Fit::First), Some(166));
        assert_eq!(worst(Fit::Next), Some(196));
    }
}
