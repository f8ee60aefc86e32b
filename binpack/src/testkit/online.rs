use alloc::vec::Vec;

use super::watch::Watch;
use super::{Operation, Operations, Policy, Scale, Violation};

/// A packer that decides on each item when it comes, by numbers of bins; of numbers, or of vectors
/// `[u64; D]`.
///
/// ```
/// use apportion_binpack::Fit;
/// use apportion_binpack::testkit::{Answer, OnlinePacker, check_online};
///
/// /// What is left of each bin.
/// struct Mine {
///     opening: Option<u64>,
///     left: Vec<u64>,
/// }
///
/// impl OnlinePacker for Mine {
///     fn add(&mut self, capacity: u64) -> usize {
///         self.left.push(capacity);
///         self.left.len() - 1
///     }
///
///     fn place(&mut self, size: u64) -> Answer {
///         let first = self.left.iter().position(|left| size <= *left);
///         let opens = self.opening.filter(|capacity| size <= *capacity);
///         let bin = first.or_else(|| opens.map(|capacity| self.add(capacity)));
///         bin.inspect(|bin| self.left[*bin] -= size).into()
///     }
///
///     fn release(&mut self, bin: usize, size: u64) {
///         self.left[bin] += size;
///     }
/// }
///
/// let make = |opening| Mine { opening, left: Vec::new() };
/// assert_eq!(check_online(1, Fit::First, make), Ok(()));
/// assert!(check_online(1, Fit::Best, make).is_err());
/// ```
pub trait OnlinePacker<S = u64> {
    /// A bin joins: its number, which no bin has, and which is at most one more than the highest so
    /// far.
    fn add(&mut self, capacity: S) -> usize;

    /// An item comes: what becomes of it.
    fn place(&mut self, size: S) -> Answer;

    /// An item leaves the bin that it was placed in.
    fn release(&mut self, bin: usize, size: S);
}

/// An [`OnlinePacker`] whose bins go away, too.
pub trait ChangingPacker<S = u64>: OnlinePacker<S> {
    /// A bin goes away, with the items in it. Its number may be given to another one.
    fn remove(&mut self, bin: usize);
}

/// What becomes of an item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "what a packer can say")]
pub enum Answer {
    /// It goes in the bin with this number, which may open for it.
    Bin(usize),
    /// It is left out, but a bin that is there could hold it, if it were empty.
    Wait,
    /// It is left out, and no bin that is there could hold it.
    Reject,
    /// It is left out, and which of the two it is, is not said.
    NoRoom,
}

impl From<Option<usize>> for Answer {
    /// The bin, or [`NoRoom`](Self::NoRoom).
    fn from(bin: Option<usize>) -> Self {
        bin.map_or(Self::NoRoom, Self::Bin)
    }
}

/// Plays items that come and leave and bins that join, of all scales and with other capacities than
/// those before, on packers that open bins of a capacity and on packers that do not, and watches
/// from outside. Capacities are no larger than what the policy can compare; items may be, up to its
/// [`largest_size`](Policy::largest_size).
///
/// # Errors
///
/// The first law that is broken.
pub fn check_online<F: Policy, P: OnlinePacker<F::Size>>(
    seed: u64,
    fit: F,
    make: impl Fn(Option<F::Size>) -> P,
) -> Result<(), Violation<F::Size>> {
    // Not every packer can have bins go away.
    check_cases(seed, fit, make, |_, _| false)
}

/// The same with bins that go away, with what is in them.
///
/// # Errors
///
/// The first law that is broken.
pub fn check_changing<F: Policy, P: ChangingPacker<F::Size>>(
    seed: u64,
    fit: F,
    make: impl Fn(Option<F::Size>) -> P,
) -> Result<(), Violation<F::Size>> {
    check_cases(seed, fit, make, |packer, bin| {
        packer.remove(bin);
        true
    })
}

/// `remove` says whether it did.
fn check_cases<F: Policy, P: OnlinePacker<F::Size>>(
    seed: u64,
    fit: F,
    make: impl Fn(Option<F::Size>) -> P,
    remove: impl Fn(&mut P, usize) -> bool,
) -> Result<(), Violation<F::Size>> {
    for case in cases(seed, fit) {
        play(fit, &case, make(case.opening), &remove)?;
    }
    Ok(())
}

/// All different: each has a seed of its own.
fn cases<F: Policy>(seed: u64, fit: F) -> impl Iterator<Item = Operations<F::Size>> {
    let kinds = Scale::ALL.into_iter().flat_map(|scale| {
        [true, false].into_iter().flat_map(move |opens| [1, 3, 40].map(|bins| (scale, opens, bins)))
    });
    (0_u64..).zip(kinds).map(move |(salt, (scale, opens, bins))| {
        let seed = seed.wrapping_mul(0x9e37_79b9).wrapping_add(salt);
        Operations::seeded(seed, scale, opens, bins, 400)
            .within(|dimension| fit.largest_capacity(dimension))
            .with_sizes_within(|dimension| fit.largest_size(dimension))
    })
}

fn play<F: Policy, P: OnlinePacker<F::Size>>(
    fit: F,
    case: &Operations<F::Size>,
    mut packer: P,
    remove: impl Fn(&mut P, usize) -> bool,
) -> Result<(), Violation<F::Size>> {
    let mut watch = Watch::new(fit, case.opening);
    let mut items: Vec<(usize, F::Size)> = Vec::new();
    for &operation in &case.operations {
        match operation {
            Operation::Add { capacity } => {
                let bin = packer.add(capacity);
                if !watch.is_free(bin) {
                    return Err(Violation::NumberInUse { bin, bins: watch.bins.len() });
                }
                watch.open(bin, capacity);
            }
            Operation::Place { size } => {
                let answer = packer.place(size);
                watch.judge(size, answer)?;
                if let Answer::Bin(bin) = answer {
                    items.push((bin, size));
                }
            }
            Operation::Leave { item } => {
                let Some(item) = item.checked_rem(items.len()) else { continue };
                let (bin, size) = items.swap_remove(item);
                packer.release(bin, size);
                watch.take(bin, &size);
            }
            Operation::Remove { bin } => {
                let there: Vec<usize> = watch.there().map(|(number, _)| number).collect();
                let Some(place) = bin.checked_rem(there.len()) else { continue };
                if remove(&mut packer, there[place]) {
                    watch.bins[there[place]] = None;
                    items.retain(|(bin, _)| *bin != there[place]);
                }
            }
            // Items leave whole, and where they go is for the packer to say.
            Operation::Release { .. } | Operation::Occupy { .. } => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Fit, VectorFit};

    #[test]
    fn no_two_cases_are_alike() {
        fn count<F: Policy>(fit: F) -> usize {
            let all = (0..3).flat_map(|seed| cases(seed, fit));
            all.map(|case| std::format!("{case:?}")).collect::<BTreeSet<_>>().len()
        }
        assert_eq!((count(Fit::First), count(VectorFit::<3>::First)), (90, 90));
    }
}
