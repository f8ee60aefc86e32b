use alloc::vec::Vec;

use crate::{Norm, Scale, VectorFit};

/// [`VectorBins`](crate::VectorBins), by number of bin: every bin that has room, sorted.
#[derive(Clone, Debug)]
pub struct VectorBins<const D: usize> {
    /// The policy.
    pub fit: VectorFit<D>,
    /// The capacity of bins that are opened.
    pub opening: Option<[u64; D]>,
    /// Capacity and residual; nothing where a bin went away.
    pub bins: Vec<Option<([u64; D], [u64; D])>>,
    /// The number where next fit begins.
    pub last: usize,
}

/// What becomes of an item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "for comparisons")]
pub enum Choice<const D: usize> {
    /// It goes in the bin with this number.
    Bin {
        /// The number.
        number: usize,
        /// Whether it is opened.
        opened: bool,
        /// What is left, with the item in it.
        residual: [u64; D],
        /// What the policy compared.
        score: u128,
        /// Number, what would be left, and score of the second choice.
        runner_up: Option<(usize, [u64; D], u128)>,
    },
    /// No bin has room.
    Wait,
    /// No bin could have room.
    Reject,
}

impl<const D: usize> VectorBins<D> {
    /// No bins.
    #[must_use]
    pub const fn new(fit: VectorFit<D>, opening: Option<[u64; D]>) -> Self {
        Self { fit, opening, bins: Vec::new(), last: 0 }
    }

    /// The lowest number that is free.
    #[must_use]
    pub fn free(&self) -> usize {
        self.bins.iter().position(Option::is_none).unwrap_or(self.bins.len())
    }

    /// A bin joins.
    pub fn add(&mut self, capacity: [u64; D]) -> usize {
        let number = self.free();
        if number == self.bins.len() {
            self.bins.push(None);
        }
        self.bins[number] = Some((capacity, capacity));
        if self.opening.is_some() {
            self.last = number;
        }
        number
    }

    /// A bin goes away.
    pub fn remove(&mut self, number: usize) {
        self.bins[number] = None;
    }

    /// A size comes into this bin: what is left of it. Nothing, if the bin is not there or has no
    /// room.
    pub fn occupy(&mut self, number: usize, size: [u64; D]) -> Option<[u64; D]> {
        let (_, residual) = self.bins.get_mut(number)?.as_mut()?;
        if (0..D).any(|dimension| residual[dimension] < size[dimension]) {
            return None;
        }
        *residual = core::array::from_fn(|dimension| residual[dimension] - size[dimension]);
        self.last = number;
        Some(*residual)
    }

    /// A size leaves a bin: what is left of it. Nothing, if the bin is not there or holds less.
    pub fn release(&mut self, number: usize, size: [u64; D]) -> Option<[u64; D]> {
        let (capacity, residual) = self.bins.get_mut(number)?.as_mut()?;
        if (0..D).any(|dimension| capacity[dimension] - residual[dimension] < size[dimension]) {
            return None;
        }
        *residual = core::array::from_fn(|dimension| residual[dimension] + size[dimension]);
        Some(*residual)
    }

    /// Decides where an item goes, and puts it there.
    pub fn place(&mut self, size: [u64; D]) -> Choice<D> {
        let choice = self.choose(size);
        if let Choice::Bin { number, opened, residual, .. } = choice {
            if let Some(capacity) = self.opening.filter(|_| opened) {
                self.add(capacity);
            }
            if let Some((_, left)) = &mut self.bins[number] {
                *left = residual;
            }
            self.last = number;
        }
        choice
    }

    /// Decides where an item would go.
    #[must_use]
    pub fn choose(&self, size: [u64; D]) -> Choice<D> {
        let fits = |room: &[u64; D]| (0..D).all(|dimension| size[dimension] <= room[dimension]);
        let left = |room: &[u64; D]| core::array::from_fn(|d| room[d] - size[d]);
        let mut order: Vec<(usize, [u64; D], u128)> = Vec::new();
        for (number, bin) in self.bins.iter().enumerate() {
            if let Some((_, residual)) = bin
                && fits(residual)
            {
                order.push((number, left(residual), self.score(&size, residual)));
            }
        }
        match self.fit {
            VectorFit::Next if self.opening.is_some() => {
                order.retain(|(number, ..)| *number == self.last);
            }
            VectorFit::Next => order.sort_by_key(|(number, ..)| *number < self.last),
            VectorFit::First => {}
            VectorFit::Best(_) | VectorFit::NormBased(_) => order.sort_by_key(|bin| bin.2),
            VectorFit::Worst(_) | VectorFit::AlmostWorst(_) | VectorFit::DotProduct(_) => {
                order.sort_by_key(|bin| core::cmp::Reverse(bin.2));
            }
        }
        let pick = |order: &[(usize, [u64; D], u128)]| {
            let second = matches!(self.fit, VectorFit::AlmostWorst(_)) && order.len() > 1;
            if order.is_empty() { None } else { Some(usize::from(second)) }
        };
        if let Some(place) = pick(&order) {
            let (number, residual, score) = order.remove(place);
            let runner_up = pick(&order).map(|place| order[place]);
            return Choice::Bin { number, opened: false, residual, score, runner_up };
        }
        if let Some(capacity) = self.opening.filter(&fits) {
            let (residual, score) = (left(&capacity), self.score(&size, &capacity));
            let number = self.free();
            return Choice::Bin { number, opened: true, residual, score, runner_up: None };
        }
        let could = self.bins.iter().flatten().any(|(capacity, _)| fits(capacity));
        if could { Choice::Wait } else { Choice::Reject }
    }

    fn score(&self, size: &[u64; D], residual: &[u64; D]) -> u128 {
        let norm = |norm: Norm, scale: &Scale<D>, amounts: [u64; D]| {
            let mut sum = 0;
            let mut largest = 0;
            for (dimension, amount) in amounts.into_iter().enumerate() {
                let weight = u128::from(scale.weights()[dimension]);
                let normalized = u128::from(scale.units()[dimension]) * u128::from(amount);
                let power = if norm == Norm::L2 { normalized * normalized } else { normalized };
                sum += weight * power;
                largest = largest.max(weight * power);
            }
            if norm == Norm::LInfinity { largest } else { sum }
        };
        match &self.fit {
            VectorFit::Next | VectorFit::First => 0,
            VectorFit::Best(measure)
            | VectorFit::Worst(measure)
            | VectorFit::AlmostWorst(measure) => norm(measure.norm, &measure.scale, *residual),
            VectorFit::NormBased(measure) => {
                norm(measure.norm, &measure.scale, core::array::from_fn(|d| residual[d] - size[d]))
            }
            VectorFit::DotProduct(scale) => {
                let mut sum = 0;
                for dimension in 0..D {
                    let unit = u128::from(scale.units()[dimension]);
                    let (size, residual) = (size[dimension], residual[dimension]);
                    let product = (unit * u128::from(size)) * (unit * u128::from(residual));
                    sum += u128::from(scale.weights()[dimension]) * product;
                }
                sum
            }
        }
    }
}
