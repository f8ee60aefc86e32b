use super::fit::VectorFit;
use super::narrow::{Block, LANES, Narrow, Unit};
use super::scale::{Norm, Scale};

/// A bound on how good each bin is for one item, from the narrow copy of what is left of it.
///
/// `grades` gives a number of at most 28 bits for each bin. A bin that beats a score, or equals it,
/// has a grade of at least `least_grade` of that score: what is graded lower need not be looked at.
/// A score is about 2^k times a grade, and every rounding goes the safe way:
/// up where large scores are better, down where small ones are (and the grade is the negative).
#[derive(Clone, Debug)]
pub(super) struct Bound<const D: usize> {
    /// What a bin must have left, in narrow units rounded down.
    floor: [i16; D],
    kernel: Kernel<D>,
    prefers_large: bool,
    /// What to add to a score before it is compared, and by how many bits to shift it then.
    offset: u128,
    exponent: i32,
}

#[derive(Clone, Debug)]
enum Kernel<const D: usize> {
    /// Any bin is as good as another.
    Constant,
    /// `base + Σ c·q`
    Sum { base: i32, coefficients: [i16; D] },
    /// `sign · max c·(q - p + slack)`
    Largest { rows: [Row; D], sign: i32 },
    /// `sign · Σ (a·(q - p + slack) / 2^15 + rest)²`
    Squares { rows: [Row; D], rest: i32, sign: i32 },
}

#[derive(Clone, Copy, Debug)]
struct Row {
    factor: i16,
    less: i16,
    /// The factor times the slack.
    more: i32,
}

/// The grade of a bin that has no room.
pub(super) const NO_ROOM: i32 = i32::MIN;

impl<const D: usize> Bound<D> {
    /// The bound for an item of this size; `None` if it is larger than every bin.
    pub(super) fn new(fit: &VectorFit<D>, size: &[u64; D], narrow: &Narrow<D>) -> Option<Self> {
        let largest = narrow.largest();
        if size.iter().zip(largest).any(|(size, largest)| size > largest) {
            return None;
        }
        let units = narrow.units();
        let floor = core::array::from_fn(|dimension| units[dimension].floor(size[dimension]));
        let spans = core::array::from_fn(|dimension| {
            u128::from(largest[dimension]) + (1 << units[dimension].shift.max(0))
        });
        let frame = Frame { size, floor, units, spans, prefers_large: fit.prefers_large() };
        // Of a dimension that no bin has any of, the unit may be as large as one likes.
        let linear = |scale: &Scale<D>, dimension: usize| {
            if largest[dimension] == 0 { 0 } else { scale.linear(dimension) }
        };
        let square = |scale: &Scale<D>, dimension: usize| {
            if largest[dimension] == 0 { 0 } else { scale.square(dimension) }
        };
        Some(match fit {
            VectorFit::Next | VectorFit::First => Self {
                floor,
                kernel: Kernel::Constant,
                prefers_large: true,
                offset: 0,
                exponent: 0,
            },
            VectorFit::Best(measure)
            | VectorFit::Worst(measure)
            | VectorFit::AlmostWorst(measure) => {
                let scale = &measure.scale;
                match measure.norm {
                    Norm::L1 => frame.sum(|dimension| linear(scale, dimension), false),
                    Norm::L2 => frame.squares(|dimension| square(scale, dimension), false),
                    Norm::LInfinity => frame.largest(|dimension| linear(scale, dimension), false),
                }
            }
            VectorFit::NormBased(measure) => {
                let scale = &measure.scale;
                match measure.norm {
                    Norm::L1 => frame.sum(|dimension| linear(scale, dimension), true),
                    Norm::L2 => frame.squares(|dimension| square(scale, dimension), true),
                    Norm::LInfinity => frame.largest(|dimension| linear(scale, dimension), true),
                }
            }
            VectorFit::DotProduct(scale) => {
                frame.sum(|dimension| square(scale, dimension) * u128::from(size[dimension]), false)
            }
        })
    }

    /// What a bin as good as this score, or better, is graded at least.
    pub(super) fn least_grade(&self, score: u128) -> i32 {
        let score = score.saturating_add(self.offset);
        if self.prefers_large {
            i32::try_from(rescale_up(score, -self.exponent)).unwrap_or(i32::MAX)
        } else {
            -i32::try_from(rescale_down(score, -self.exponent)).unwrap_or(i32::MAX)
        }
    }

    /// Grades the bins of a block.
    pub(super) fn grades(&self, block: &Block<D>) -> [i32; LANES] {
        let mut grades = [0; LANES];
        match &self.kernel {
            Kernel::Constant => {}
            Kernel::Sum { base, coefficients } => {
                grades = [*base; LANES];
                for (row, coefficient) in block.iter().zip(coefficients) {
                    for (grade, units) in grades.iter_mut().zip(row) {
                        *grade += i32::from(*units) * i32::from(*coefficient);
                    }
                }
            }
            Kernel::Largest { rows, sign } => {
                for (row, parts) in block.iter().zip(rows) {
                    for (grade, units) in grades.iter_mut().zip(row) {
                        let above = units.saturating_sub(parts.less).max(0);
                        let term = i32::from(above) * i32::from(parts.factor) + parts.more;
                        *grade = (*grade).max(term);
                    }
                }
                for grade in &mut grades {
                    *grade *= *sign;
                }
            }
            Kernel::Squares { rows, rest, sign } => {
                for (row, parts) in block.iter().zip(rows) {
                    for (grade, units) in grades.iter_mut().zip(row) {
                        let above = units.saturating_sub(parts.less).max(0);
                        let term = i32::from(above) * i32::from(parts.factor) + parts.more;
                        // At most 2^14, which lets the compiler square it as 16 bits.
                        let root = ((term >> 15) + rest) as i16;
                        *grade += i32::from(root) * i32::from(root);
                    }
                }
                for grade in &mut grades {
                    *grade *= *sign;
                }
            }
        }
        let room = self.room(block);
        for (grade, room) in grades.iter_mut().zip(room) {
            // All ones keep the grade; zero makes it the lowest.
            *grade = (*grade & i32::from(room)) | (!i32::from(room) & NO_ROOM);
        }
        grades
    }

    /// A bound on the grades of a block, from 16 bits of each: as fast as that gets.
    pub(super) fn peak(&self, block: &Block<D>) -> i32 {
        let mut coarse = [0_i16; LANES];
        let (signed, terms) = match &self.kernel {
            Kernel::Constant => return 0,
            Kernel::Sum { coefficients, base } => {
                for (row, coefficient) in block.iter().zip(coefficients) {
                    for (coarse, units) in coarse.iter_mut().zip(row) {
                        let term = high(*units, 4 * coefficient.unsigned_abs());
                        // Only where there is no bin does this overflow.
                        *coarse = coarse.wrapping_add(term);
                    }
                }
                (self.sign(), (*base, D))
            }
            Kernel::Largest { rows, sign } => {
                for (row, parts) in block.iter().zip(rows) {
                    for (coarse, units) in coarse.iter_mut().zip(row) {
                        let above = units.saturating_sub(parts.less).max(0);
                        *coarse = (*coarse).max(high(above, 4 * parts.factor.unsigned_abs()));
                    }
                }
                (*sign, (rows.iter().fold(0, |most, row| most.max(row.more)), 1))
            }
            Kernel::Squares { rows, rest, sign } => {
                for (row, parts) in block.iter().zip(rows) {
                    // What is rounded off when the slack is left out is less than one.
                    let rest = i16::from(*rest != 0) + i16::from(parts.more != 0);
                    for (coarse, units) in coarse.iter_mut().zip(row) {
                        let above = units.saturating_sub(parts.less).max(0);
                        let root = high(above, 2 * parts.factor.unsigned_abs()) + rest;
                        *coarse += high(root, 4 * root.unsigned_abs());
                    }
                }
                (*sign, (0, D))
            }
        };
        let room = self.room(block);
        // The best of those that have room: the largest, or the complement of the smallest.
        let mut peak = 0;
        for (coarse, room) in coarse.into_iter().zip(room) {
            let value =
                if signed > 0 { coarse.wrapping_add(1) } else { i16::MAX.wrapping_sub(coarse) };
            peak = (value & room).max(peak);
        }
        if peak == 0 {
            return NO_ROOM;
        }
        // Each of the terms was rounded down by less than one.
        let (base, terms) = terms;
        let terms = i32::try_from(terms).unwrap_or(i32::MAX);
        let peak = i32::from(peak);
        if signed > 0 { base + ((peak - 1 + terms) << 14) } else { (peak - 32767) << 14 }
    }

    fn sign(&self) -> i32 {
        if self.prefers_large { 1 } else { -1 }
    }

    /// -1 for each bin that may have room, 0 for one that has none.
    pub(super) fn room(&self, block: &Block<D>) -> [i16; LANES] {
        // The least of what is left over is negative where there is no room. Neither side is below
        // -1, so nothing overflows; and the least is what the compiler takes eight of at a time.
        let mut room = [i16::MAX; LANES];
        for (row, floor) in block.iter().zip(self.floor) {
            for (room, units) in room.iter_mut().zip(row) {
                *room = (*room).min(units - floor);
            }
        }
        for room in &mut room {
            *room = !(*room >> 15);
        }
        room
    }
}

/// What the kernels are made from.
struct Frame<'a, const D: usize> {
    size: &'a [u64; D],
    floor: [i16; D],
    units: [Unit; D],
    /// More than any narrow residual stands for, slack included.
    spans: [u128; D],
    prefers_large: bool,
}

impl<const D: usize> Frame<'_, D> {
    /// `Σ c·r`, or with the item in the bin `Σ c·(r - s)`.
    fn sum(&self, coefficient: impl Fn(usize) -> u128, after: bool) -> Bound<D> {
        let exponent = Self::exponent(|dimension| coefficient(dimension) * self.spans[dimension]);
        let rows = self.rows(&coefficient, exponent, false);
        let sign = if self.prefers_large { 1 } else { -1 };
        let offset = |dimension: usize| coefficient(dimension) * u128::from(self.size[dimension]);
        Bound {
            floor: self.floor,
            kernel: Kernel::Sum {
                base: rows.iter().map(|row| row.more).sum(),
                coefficients: rows.map(|row| sign * row.factor),
            },
            prefers_large: self.prefers_large,
            offset: if after { (0..D).map(offset).sum() } else { 0 },
            exponent,
        }
    }

    /// `max c·r`, or with the item in the bin `max c·(r - s)`.
    fn largest(&self, coefficient: impl Fn(usize) -> u128, after: bool) -> Bound<D> {
        let exponent = Self::exponent(|dimension| coefficient(dimension) * self.spans[dimension]);
        let rows = self.rows(&coefficient, exponent, after);
        self.finish(Kernel::Largest { rows, sign: self.sign() }, exponent)
    }

    /// `Σ c·r²`, or with the item in the bin `Σ c·(r - s)²`.
    fn squares(&self, coefficient: impl Fn(usize) -> u128, after: bool) -> Bound<D> {
        let term = |dimension: usize| {
            let span = self.spans[dimension];
            // Where the coefficient is zero, the span may be too long to square.
            if coefficient(dimension) == 0 { 0 } else { coefficient(dimension) * span * span }
        };
        let exponent = Self::exponent(term);
        let mut rows = self.rows(|_| 0, exponent, after);
        for (dimension, row) in rows.iter_mut().enumerate() {
            let shift = 2 * self.units[dimension].shift + 30 - exponent;
            let coefficient = coefficient(dimension);
            let factor = if !self.prefers_large || coefficient == 0 {
                rescale_down(coefficient, shift).isqrt()
            } else {
                rescale_up(coefficient, shift).isqrt() + 1
            };
            self.fill(row, dimension, factor);
        }
        let rest = i32::from(self.prefers_large);
        self.finish(Kernel::Squares { rows, rest, sign: self.sign() }, exponent)
    }

    fn finish(&self, kernel: Kernel<D>, exponent: i32) -> Bound<D> {
        let prefers_large = self.prefers_large;
        Bound { floor: self.floor, kernel, prefers_large, offset: 0, exponent }
    }

    fn sign(&self) -> i32 {
        if self.prefers_large { 1 } else { -1 }
    }

    /// The k for which these terms, divided by 2^k, add up to at most 2^27 and more than 2^26.
    fn exponent(term: impl Fn(usize) -> u128) -> i32 {
        let total: u128 = (0..D).map(term).fold(0, u128::saturating_add);
        let bits = 128 - total.leading_zeros().cast_signed();
        if total == 0 { 0 } else { bits - 27 }
    }

    /// The coefficients in narrow units, divided by 2^exponent. What is subtracted from a narrow
    /// residual before it is multiplied is the size, rounded up, `after` the item is in the bin.
    fn rows(&self, coefficient: impl Fn(usize) -> u128, exponent: i32, after: bool) -> [Row; D] {
        core::array::from_fn(|dimension| {
            let unit = self.units[dimension];
            let shift = unit.shift - exponent;
            let less = if after { self.floor[dimension].saturating_add(unit.slack()) } else { 0 };
            let mut row = Row { factor: 0, less, more: 0 };
            let factor = if self.prefers_large {
                rescale_up(coefficient(dimension), shift)
            } else {
                rescale_down(coefficient(dimension), shift)
            };
            self.fill(&mut row, dimension, factor);
            row
        })
    }

    fn fill(&self, row: &mut Row, dimension: usize, factor: u128) {
        row.factor = i16::try_from(factor).unwrap_or(i16::MAX);
        let slack = if self.prefers_large { self.units[dimension].slack() } else { 0 };
        row.more = i32::from(row.factor) * i32::from(slack);
    }
}

/// The upper half of a product of 16 bits; zero for what is negative and stands for no bin.
#[expect(clippy::cast_sign_loss, reason = "what is negative has no room, whatever comes out")]
fn high(units: i16, factor: u16) -> i16 {
    ((u32::from(units as u16) * u32::from(factor)) >> 16) as i16
}

/// `value · 2^shift`, rounded down. The result must fit.
fn rescale_down(value: u128, shift: i32) -> u128 {
    let bits = shift.unsigned_abs();
    if shift >= 0 {
        value.checked_shl(bits).unwrap_or(0)
    } else {
        value.checked_shr(bits).unwrap_or(0)
    }
}

/// `value · 2^shift`, rounded up. The result must fit.
fn rescale_up(value: u128, shift: i32) -> u128 {
    let down = rescale_down(value, shift);
    let exact = shift >= 0 || rescale_down(down, -shift) == value;
    if exact { down } else { down + 1 }
}
