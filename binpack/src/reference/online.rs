use alloc::vec::Vec;

use crate::Fit;

/// [`Bins`](crate::Bins), by number of bin.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the definition has no more state")]
pub struct Online {
    /// The policy.
    pub fit: Fit,
    /// The capacity of bins that open.
    pub opening: Option<u64>,
    /// Capacity and residual of each; nothing where no bin is.
    pub bins: Vec<Option<(u64, u64)>>,
    /// Where next fit begins.
    pub last: usize,
}

/// What [`Online`] decides, by numbers; of two bins with what would be left of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the outcomes of a placement")]
pub enum Outcome {
    /// Into a bin, which may have to open, and the second choice.
    Place {
        /// The bin and its residual.
        bin: (usize, u64),
        /// Whether it opens.
        opened: bool,
        /// The second choice and its residual.
        runner_up: Option<(usize, u64)>,
    },
    /// Not now.
    Wait,
    /// Never.
    Reject,
}

impl Online {
    /// No bins.
    #[must_use]
    pub const fn new(fit: Fit, opening: Option<u64>) -> Self {
        Self { fit, opening, bins: Vec::new(), last: 0 }
    }

    /// A bin joins: its number.
    pub fn add(&mut self, capacity: u64) -> usize {
        let number = self.next_number();
        self.bins.resize(self.bins.len().max(number + 1), None);
        self.bins[number] = Some((capacity, capacity));
        if self.opening.is_some() {
            self.last = number;
        }
        number
    }

    fn next_number(&self) -> usize {
        self.bins.iter().position(Option::is_none).unwrap_or(self.bins.len())
    }

    /// What is decided on an item, without doing it.
    #[must_use]
    pub fn choose(&self, size: u64) -> Outcome {
        let left = |number: usize| {
            let (_, residual) = self.bins.get(number).copied().flatten()?;
            Some((number, residual.checked_sub(size)?))
        };
        if let Some(bin) = self.choice(size, None).and_then(left) {
            let (number, _) = bin;
            return Outcome::Place {
                bin,
                opened: false,
                runner_up: self.choice(size, Some(number)).and_then(left),
            };
        }
        if let Some(residual) = self.opening.and_then(|capacity| capacity.checked_sub(size)) {
            let bin = (self.next_number(), residual);
            return Outcome::Place { bin, opened: true, runner_up: None };
        }
        let would_fit = self.bins.iter().flatten().any(|(capacity, _)| size <= *capacity);
        if would_fit { Outcome::Wait } else { Outcome::Reject }
    }

    /// The bin that the policy chooses of those that are there, but for one.
    fn choice(&self, size: u64, but: Option<usize>) -> Option<usize> {
        let mut open: Vec<(usize, u64)> = Vec::new();
        for (number, bin) in self.bins.iter().enumerate() {
            match bin {
                Some((_, residual)) if *residual >= size && Some(number) != but => {
                    open.push((number, *residual));
                }
                _ => {}
            }
        }
        match self.fit {
            Fit::Next if self.opening.is_some() => open.retain(|(number, _)| *number == self.last),
            Fit::Next => open.sort_by_key(|(number, _)| (*number < self.last, *number)),
            Fit::First => {}
            Fit::Best => open.sort_by_key(|(number, residual)| (*residual, *number)),
            Fit::Worst => open.sort_by_key(|(number, residual)| (u64::MAX - residual, *number)),
            Fit::AlmostWorst => {
                open.sort_by_key(|(number, residual)| (u64::MAX - residual, *number));
                if open.len() > 1 {
                    open.remove(0);
                }
            }
        }
        open.first().map(|(number, _)| *number)
    }

    /// Does what is decided.
    pub fn place(&mut self, size: u64) -> Outcome {
        let outcome = self.choose(size);
        if let Outcome::Place { bin: (number, residual), opened, .. } = outcome {
            if let Some(capacity) = self.opening.filter(|_| opened) {
                self.add(capacity);
            }
            if let Some((_, held)) = &mut self.bins[number] {
                *held = residual;
            }
            self.last = number;
        }
        outcome
    }

    /// A size comes into this bin: what is left of it. Nothing, if the bin is not there or has no
    /// room.
    pub fn occupy(&mut self, number: usize, size: u64) -> Option<u64> {
        let (_, residual) = self.bins.get_mut(number)?.as_mut()?;
        *residual = residual.checked_sub(size)?;
        self.last = number;
        Some(*residual)
    }

    /// A size leaves a bin: what is left of it. Nothing, if the bin is not there or holds less.
    pub fn release(&mut self, number: usize, size: u64) -> Option<u64> {
        let (capacity, residual) = self.bins.get_mut(number)?.as_mut()?;
        if *capacity - *residual < size {
            return None;
        }
        *residual += size;
        Some(*residual)
    }

    /// A bin goes away: what was in it.
    pub fn remove(&mut self, number: usize) -> Option<u64> {
        let (capacity, residual) = self.bins.get_mut(number)?.take()?;
        Some(capacity - residual)
    }
}
