use super::fit::VectorFit;
use super::scale::Norm;

/// [`VectorFit::score`] for one size, with what does not depend on the bin worked out beforehand,
/// and no check of what the limits of a scale rule out.
#[derive(Clone, Debug)]
pub(super) struct Scorer<const D: usize> {
    coefficients: [u128; D],
    /// What is taken off the residual first.
    less: [u64; D],
    form: Norm,
}

impl<const D: usize> Scorer<D> {
    pub(super) fn new(fit: &VectorFit<D>, size: &[u64; D]) -> Self {
        let (coefficients, form) = match fit {
            VectorFit::Next | VectorFit::First => ([0; D], Norm::L1),
            VectorFit::Best(measure)
            | VectorFit::Worst(measure)
            | VectorFit::AlmostWorst(measure)
            | VectorFit::NormBased(measure) => {
                let scale = &measure.scale;
                let coefficient = |dimension: usize| match measure.norm {
                    Norm::L1 | Norm::LInfinity => scale.linear(dimension),
                    Norm::L2 => scale.square(dimension),
                };
                (core::array::from_fn(coefficient), measure.norm)
            }
            VectorFit::DotProduct(scale) => {
                let coefficient = |dimension: usize| {
                    // Beyond the limit no bin has room, and the score is not asked for.
                    scale.square(dimension).saturating_mul(size[dimension].into())
                };
                (core::array::from_fn(coefficient), Norm::L1)
            }
        };
        let less = if matches!(fit, VectorFit::NormBased(_)) { *size } else { [0; D] };
        Self { coefficients, less, form }
    }

    /// The score of a bin that has room for the size, and this much left before.
    pub(super) fn score(&self, residual: &[u64; D]) -> u128 {
        let amount = |dimension: usize| u128::from(residual[dimension] - self.less[dimension]);
        let term = |dimension: usize| self.coefficients[dimension] * amount(dimension);
        match self.form {
            Norm::L1 => (0..D).map(term).sum(),
            Norm::L2 => (0..D).map(|dimension| term(dimension) * amount(dimension)).sum(),
            Norm::LInfinity => (0..D).map(term).max().unwrap_or(0),
        }
    }
}
