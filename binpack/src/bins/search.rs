use super::{Bins, Index};
use crate::Fit;
use crate::index::MaxTree;

/// A bin with room, and the second choice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) number: usize,
    pub(super) runner_up: Option<usize>,
}

impl Bins {
    /// The bin that the policy chooses of those that are there. The runner-up is only looked for if
    /// it is wanted.
    #[inline]
    pub(super) fn search(&self, size: u64, explain: bool) -> Option<Choice> {
        let has_room = |number: &usize| self.slots[*number].residual >= size;
        let residuals = match &self.index {
            Index::None => {
                let last = self.slots.get(self.last)?;
                return (last.present && last.residual >= size)
                    .then_some(Choice { number: self.last, runner_up: None });
            }
            Index::Numbers(tree) if self.fit == Fit::First => {
                let number = self.by_number(tree, 0, size)?;
                let runner_up = if explain { self.by_number(tree, number + 1, size) } else { None };
                return Some(Choice { number, runner_up });
            }
            Index::Numbers(tree) => {
                let number = self.by_turns(tree, self.last, size)?;
                let second = || self.by_turns(tree, number + 1, size);
                let runner_up = if explain { second() } else { None };
                return Some(Choice {
                    number,
                    runner_up: runner_up.filter(|second| *second != number),
                });
            }
            Index::Residuals(residuals) => residuals,
        };
        let (number, runner_up) = match self.fit {
            Fit::Best => {
                let first = residuals.first(size)?;
                (first, if explain { residuals.after(first) } else { None })
            }
            Fit::Worst if explain => {
                let [first, second] = residuals.largest().map(|found| found.filter(has_room));
                (first?, second)
            }
            Fit::Worst => {
                let [first] = residuals.largest();
                (first.filter(has_room)?, None)
            }
            _ => {
                let [first, second, third] =
                    residuals.largest().map(|found| found.filter(has_room));
                match second {
                    Some(second) => (second, third.or(first)),
                    None => (first?, None),
                }
            }
        };
        Some(Choice { number, runner_up })
    }

    /// The first bin that has room, by number, of those not below this one.
    #[inline]
    fn by_number(&self, tree: &MaxTree, from: usize, size: u64) -> Option<usize> {
        match size {
            // Of the tree's zeros, some are bins that are full, and some are none.
            0 => self.present.next(from),
            _ if from == 0 => tree.first(size),
            _ => tree.first_from(from, size),
        }
    }

    /// The same, and then the lower numbers.
    fn by_turns(&self, tree: &MaxTree, from: usize, size: u64) -> Option<usize> {
        self.by_number(tree, from, size).or_else(|| self.by_number(tree, 0, size))
    }
}
