use super::{Bins, Index};
use crate::Fit;
use crate::index::{Bitmap, Found, MaxTree, Slot};

/// Bins with room, as they are: the policy's choice, and the second one.
pub(super) type Choice = (Found, Option<Found>);

impl Bins {
    /// The bin that the policy chooses of those that are there. The runner-up is only looked for if
    /// it is wanted.
    #[inline]
    pub(super) fn search<const EXPLAIN: bool>(&self, size: u64) -> Option<Choice> {
        match &self.index {
            Index::Last => {
                let slot = self.slots.get(self.last)?;
                let has_room = slot.is_present() && slot.residual >= size;
                let found = Found { number: self.last, residual: slot.residual, home: slot.home };
                has_room.then_some((found, None))
            }
            Index::Numbers(tree, present) => {
                let turns = self.fit == Fit::Next;
                let number = if turns {
                    by_turns(tree, present, self.last, size)?
                } else {
                    by_number(tree, present, 0, size)?
                };
                let mut second = None;
                if EXPLAIN {
                    second = if turns {
                        by_turns(tree, present, number + 1, size).filter(|second| *second != number)
                    } else {
                        by_number(tree, present, number + 1, size)
                    };
                }
                let found = |number: usize| {
                    let Slot { residual, home, .. } = self.slots[number];
                    Found { number, residual, home }
                };
                Some((found(number), second.map(found)))
            }
            Index::Residuals(residuals) => {
                let has_room = |found: &Found| found.residual >= size;
                if self.fit == Fit::Best {
                    residuals.first::<EXPLAIN>(&self.slots, size)
                } else if self.fit == Fit::AlmostWorst {
                    let mut found = [None; 3];
                    if EXPLAIN {
                        found = residuals.largest(&self.slots);
                    } else {
                        [found[0], found[1]] = residuals.largest(&self.slots);
                    }
                    let [first, second, third] = found.map(|found| found.filter(has_room));
                    match second {
                        Some(second) => Some((second, third.or(first))),
                        None => Some((first?, None)),
                    }
                } else if EXPLAIN {
                    let [first, second] =
                        residuals.largest(&self.slots).map(|found| found.filter(has_room));
                    Some((first?, second))
                } else {
                    let [first] = residuals.largest(&self.slots);
                    Some((first.filter(has_room)?, None))
                }
            }
        }
    }
}

/// The first bin that has room, by number, of those not below this one.
#[inline]
fn by_number(tree: &MaxTree, present: &Bitmap, from: usize, size: u64) -> Option<usize> {
    match size {
        // Of the tree's zeros, some are bins that are full, and some are none.
        0 => present.next(from),
        _ if from == 0 => tree.first(size),
        _ => tree.first_from(from, size),
    }
}

/// The same, and then the lower numbers.
fn by_turns(tree: &MaxTree, present: &Bitmap, from: usize, size: u64) -> Option<usize> {
    by_number(tree, present, from, size).or_else(|| by_number(tree, present, 0, size))
}
