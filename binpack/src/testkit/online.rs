use alloc::vec::Vec;

use super::{Operation, Operations, Scale, Violation};
use crate::Fit;

/// A packer that decides on each item when it comes, by numbers of bins.
pub trait OnlinePacker {
    /// A bin joins: its number, one more than the last.
    fn add(&mut self, capacity: u64) -> usize;

    /// An item comes: the number of its bin, which may open for it. Nothing if it is left out.
    fn place(&mut self, size: u64) -> Option<usize>;

    /// An item leaves the bin that it was placed in.
    fn release(&mut self, bin: usize, size: u64);
}

/// Plays items that come and leave, of all scales, on packers that open bins of a capacity and on
/// packers that do not, and watches from outside.
///
/// # Errors
///
/// The first law that is broken.
pub fn check_online<P: OnlinePacker>(
    seed: u64,
    fit: Fit,
    make: impl Fn(Option<u64>) -> P,
) -> Result<(), Violation> {
    for (salt, scale) in (0_u64..).zip(Scale::ALL) {
        for opens in [true, false] {
            for bins in [1, 3, 40] {
                let seed = seed.wrapping_mul(0x9e37_79b9).wrapping_add(8 * salt);
                let case = Operations::seeded(seed, scale, opens, bins, 400);
                play(fit, &case, make(case.opening))?;
            }
        }
    }
    Ok(())
}

fn play<P: OnlinePacker>(fit: Fit, case: &Operations, mut packer: P) -> Result<(), Violation> {
    let mut watch = Watch { fit, opening: case.opening, residuals: Vec::new(), last: 0 };
    let mut items: Vec<(usize, u64)> = Vec::new();
    for &operation in &case.operations {
        match operation {
            Operation::Add { capacity } => {
                let bin = packer.add(capacity);
                if bin != watch.residuals.len() {
                    let bins = watch.residuals.len();
                    return Err(Violation::NoSuchBin { size: 0, bin, bins });
                }
                watch.open(capacity);
            }
            Operation::Place { size } => {
                let answer = packer.place(size);
                watch.judge(size, answer)?;
                items.extend(answer.map(|bin| (bin, size)));
            }
            Operation::Leave { item } => {
                let Some(item) = item.checked_rem(items.len()) else { continue };
                let (bin, size) = items.swap_remove(item);
                packer.release(bin, size);
                watch.residuals[bin] += size;
            }
            // Not every packer can have bins go away.
            Operation::Remove { .. } | Operation::Release { .. } => {}
        }
    }
    Ok(())
}

/// What can be known from outside.
struct Watch {
    fit: Fit,
    opening: Option<u64>,
    residuals: Vec<u64>,
    last: usize,
}

impl Watch {
    fn open(&mut self, capacity: u64) {
        if self.opening.is_some() {
            self.last = self.residuals.len();
        }
        self.residuals.push(capacity);
    }

    fn judge(&mut self, size: u64, answer: Option<usize>) -> Result<(), Violation> {
        let bins = self.residuals.len();
        let opens = self.opening.filter(|capacity| size <= *capacity);
        let expected = self.expected(size);
        let Some(bin) = answer else {
            return match expected.or(opens.map(|_| bins)) {
                Some(bin) => Err(Violation::LeftOut { size, bin }),
                None => Ok(()),
            };
        };
        if bin >= bins {
            let Some(capacity) = opens.filter(|_| bin == bins) else {
                return Err(Violation::NoSuchBin { size, bin, bins });
            };
            if let Some(bin) = expected {
                return Err(Violation::OpenedEarly { size, bin });
            }
            self.open(capacity);
        }
        let residual = self.residuals[bin];
        let left = residual.checked_sub(size).ok_or(Violation::Overfull { size, bin, residual })?;
        if expected.unwrap_or(bin) != bin || expected.is_none() && bin < bins {
            let expected = expected.unwrap_or(bins);
            return Err(Violation::WrongBin { size, found: bin, expected });
        }
        self.residuals[bin] = left;
        self.last = bin;
        Ok(())
    }

    /// The bin that the policy says, of those that are there.
    fn expected(&self, size: u64) -> Option<usize> {
        let with_room =
            self.residuals.iter().enumerate().filter(|(_, residual)| **residual >= size);
        // Of equal ones the first is the least, and it is the last that is the greatest: hence `rev`.
        let worst = |but: Option<usize>| {
            let others = with_room.clone().filter(|(bin, _)| Some(*bin) != but).rev();
            others.max_by_key(|(_, residual)| **residual).map(|(bin, _)| bin)
        };
        match self.fit {
            Fit::Next if self.opening.is_some() => {
                with_room.clone().map(|(bin, _)| bin).find(|bin| *bin == self.last)
            }
            Fit::Next => {
                let mut bins = with_room.clone().map(|(bin, _)| bin);
                bins.clone().find(|bin| *bin >= self.last).or_else(|| bins.next())
            }
            Fit::First => with_room.clone().map(|(bin, _)| bin).next(),
            Fit::Best => {
                with_room.clone().min_by_key(|(_, residual)| **residual).map(|(bin, _)| bin)
            }
            Fit::Worst => worst(None),
            Fit::AlmostWorst => worst(None).map(|first| worst(Some(first)).unwrap_or(first)),
        }
    }
}
