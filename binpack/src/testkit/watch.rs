use alloc::vec::Vec;
use core::cmp::Reverse;

use super::policy::fits;
use super::{Answer, CaseSize, Policy, Rule, Violation};

/// The bins as they can be known from outside, and the bin that the policy says, by the definition.
#[derive(Clone, Debug)]
pub(super) struct Watch<P: Policy> {
    pub(super) policy: P,
    pub(super) opening: Option<P::Size>,
    /// By number; nothing where a bin went away.
    pub(super) bins: Vec<Option<Bin<P::Size>>>,
    /// Where next fit begins.
    pub(super) last: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Bin<S> {
    pub(super) capacity: S,
    pub(super) residual: S,
}

impl<P: Policy> Watch<P> {
    pub(super) const fn new(policy: P, opening: Option<P::Size>) -> Self {
        Self { policy, opening, bins: Vec::new(), last: 0 }
    }

    /// A bin joins or opens, under a number that no bin has.
    pub(super) fn open(&mut self, number: usize, capacity: P::Size) {
        if number == self.bins.len() {
            self.bins.push(None);
        }
        self.bins[number] = Some(Bin { capacity, residual: capacity });
        if self.opening.is_some() {
            self.last = number;
        }
    }

    /// Whether a bin may get this number.
    pub(super) fn is_free(&self, number: usize) -> bool {
        number == self.bins.len() || matches!(self.bins.get(number), Some(None))
    }

    pub(super) fn bin(&mut self, number: usize) -> Option<&mut Bin<P::Size>> {
        self.bins.get_mut(number)?.as_mut()
    }

    /// The numbers of the bins that are there.
    pub(super) fn there(&self) -> impl DoubleEndedIterator<Item = (usize, &Bin<P::Size>)> {
        let bins = self.bins.iter().enumerate();
        bins.filter_map(|(number, bin)| bin.as_ref().map(|bin| (number, bin)))
    }

    /// Compares an answer with the policy, and takes it over.
    pub(super) fn judge(
        &mut self,
        size: P::Size,
        answer: Answer,
    ) -> Result<(), Violation<P::Size>> {
        let bins = self.bins.len();
        let opens = self.opening.filter(|capacity| fits(&size, capacity));
        let expected = self.expected(&size);
        let Answer::Bin(bin) = answer else {
            if let Some(bin) = expected.or(opens.map(|_| bins)) {
                return Err(Violation::LeftOut { size, bin });
            }
            let holder = self.there().find(|(_, bin)| fits(&size, &bin.capacity));
            return match (answer, holder) {
                (Answer::Reject, Some((bin, _))) => Err(Violation::Rejected { size, bin }),
                (Answer::Wait, None) => Err(Violation::WaitsForNothing { size }),
                _ => Ok(()),
            };
        };
        let opened = self.is_free(bin);
        if opened {
            let capacity = opens.ok_or(Violation::NoSuchBin { size, bin, bins })?;
            if let Some(bin) = expected {
                return Err(Violation::OpenedEarly { size, bin });
            }
            self.open(bin, capacity);
        }
        let Some(Bin { residual, .. }) = self.bin(bin).copied() else {
            return Err(Violation::NoSuchBin { size, bin, bins });
        };
        if !fits(&size, &residual) {
            return Err(Violation::Overfull { size, bin, residual });
        }
        if !opened && expected != Some(bin) {
            return Err(Violation::WrongBin {
                size,
                found: bin,
                expected: expected.unwrap_or(bins),
            });
        }
        self.put(bin, &size);
        Ok(())
    }

    /// An item goes in a bin; what it needs beyond the residual is taken as there.
    pub(super) fn put(&mut self, number: usize, size: &P::Size) {
        if let Some(bin) = self.bin(number) {
            bin.residual = combine(&bin.residual, size, u64::saturating_sub);
        }
        self.last = number;
    }

    /// An item leaves a bin.
    pub(super) fn take(&mut self, number: usize, size: &P::Size) {
        if let Some(bin) = self.bin(number) {
            let residual = combine(&bin.residual, size, u64::saturating_add);
            bin.residual = combine(&residual, &bin.capacity, u64::min);
        }
    }

    /// The bin that the policy says, of those that are there. O(bins).
    pub(super) fn expected(&self, size: &P::Size) -> Option<usize> {
        self.choose(|bin| fits(size, &bin.residual), |bin| self.policy.score(size, &bin.residual))
    }

    /// The same by other words of what has room and what it is worth.
    pub(super) fn choose(
        &self,
        has_room: impl Fn(&Bin<P::Size>) -> bool,
        score: impl Fn(&Bin<P::Size>) -> u128,
    ) -> Option<usize> {
        let mut bins: Vec<(u128, usize)> = self
            .there()
            .filter(|(_, bin)| has_room(bin))
            .map(|(number, bin)| (score(bin), number))
            .collect();
        match self.policy.rule() {
            Rule::Last if self.opening.is_some() => bins.retain(|(_, number)| *number == self.last),
            Rule::Last => bins.sort_by_key(|(_, number)| (*number < self.last, *number)),
            Rule::Lowest => bins.sort_by_key(|(_, number)| *number),
            Rule::Smallest => bins.sort_unstable(),
            Rule::Largest | Rule::SecondLargest => {
                bins.sort_by_key(|(score, number)| (Reverse(*score), *number));
            }
        }
        let place = usize::from(self.policy.rule() == Rule::SecondLargest && bins.len() > 1);
        bins.get(place).map(|(_, number)| *number)
    }
}

/// The amounts of two sizes put together, dimension by dimension.
pub(super) fn combine<S: CaseSize>(one: &S, other: &S, how: impl Fn(u64, u64) -> u64) -> S {
    S::from_fn(|dimension| how(one.amounts()[dimension], other.amounts()[dimension]))
}
