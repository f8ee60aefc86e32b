//! The linear relaxation over patterns: how many bins of each pattern, fractions allowed, cover what
//! is left of each kind. It proposes, in floating point, and decides nothing.

use alloc::vec;
use alloc::vec::Vec;

use super::problem::Part;

/// Minimise the number of patterns, such that for each kind the copies in them are at least its
/// demand. Solved by the revised simplex method with a dense inverse of the basis.
///
/// *Source:* Gilmore and Gomory, *A linear programming approach to the cutting-stock problem*,
/// Operations Research 9, 1961.
#[derive(Clone, Debug)]
pub(super) struct Program {
    kinds: usize,
    /// What is to be covered of each kind.
    demand: Vec<f64>,
    /// Every pattern that was proposed so far.
    pub(super) patterns: Vec<Vec<Part>>,
    /// The inverse of the basis, row by row.
    inverse: Vec<f64>,
    basis: Vec<Column>,
    /// Whether a pattern is in the basis.
    basic: Vec<bool>,
    /// The value of each column in the basis.
    values: Vec<f64>,
    /// The price of each kind: what one more of it to be covered would cost.
    pub(super) prices: Vec<f64>,
    column: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Column {
    Pattern(usize),
    /// What is covered of a kind beyond its demand.
    Surplus(usize),
}

impl Program {
    /// `alone[kind]` is how many of a kind fit a bin, or are there, whichever is less.
    pub(super) fn new(counts: &[u32], alone: impl Fn(usize) -> u32) -> Self {
        let kinds = counts.len();
        let mut program = Self {
            kinds,
            demand: counts.iter().copied().map(f64::from).collect(),
            patterns: Vec::new(),
            inverse: vec![0.0; kinds * kinds],
            basis: Vec::new(),
            basic: Vec::new(),
            values: Vec::new(),
            prices: Vec::new(),
            column: vec![0.0; kinds],
        };
        for (kind, count) in counts.iter().enumerate() {
            let copies = alone(kind);
            let each = 1.0 / f64::from(copies);
            program.inverse[kind * kinds + kind] = each;
            program.prices.push(each);
            program.values.push((f64::from(*count) + aside(kind)) * each);
            program.basis.push(Column::Pattern(kind));
            program.basic.push(true);
            program.patterns.push(vec![Part { kind, copies }]);
        }
        program
    }

    /// The value of the relaxation at the present basis.
    pub(super) fn value(&self) -> f64 {
        self.demand.iter().zip(&self.prices).map(|(demand, price)| demand * price).sum()
    }

    /// The patterns in the basis with their values.
    pub(super) fn solution(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.basis.iter().zip(&self.values).filter_map(|(column, value)| match column {
            Column::Pattern(pattern) => Some((*pattern, *value)),
            Column::Surplus(_) => None,
        })
    }

    /// Adds a pattern, outside the basis.
    pub(super) fn propose(&mut self, pattern: Vec<Part>) -> usize {
        self.patterns.push(pattern);
        self.basic.push(false);
        self.patterns.len() - 1
    }

    /// The surplus of a kind whose price is negative, or the pattern proposed so far that is worth
    /// most beyond one bin, comes into the basis. Tells whether there was one.
    pub(super) fn improve(&mut self, work: &mut u64) -> bool {
        let mut best = (TOLERANCE, None);
        for (kind, price) in self.prices.iter().enumerate() {
            if -price > best.0 {
                best = (-price, Some(Column::Surplus(kind)));
            }
        }
        let mut looked_at = self.kinds;
        for (number, pattern) in self.patterns.iter().enumerate() {
            if !self.basic[number] {
                looked_at += pattern.len();
                let gain = worth(pattern, &self.prices) - 1.0;
                if gain > best.0 {
                    best = (gain, Some(Column::Pattern(number)));
                }
            }
        }
        *work += looked_at as u64;
        best.1.is_some_and(|column| self.enter(column, work))
    }

    /// A pattern comes into the basis; `false` if nothing limits it, which only rounding can do.
    pub(super) fn enter_pattern(&mut self, number: usize, work: &mut u64) -> bool {
        self.enter(Column::Pattern(number), work)
    }

    fn enter(&mut self, entering: Column, work: &mut u64) -> bool {
        let gain = self.expand(entering, work);
        let mut leaving: Option<(f64, usize)> = None;
        for (row, (value, rate)) in self.values.iter().zip(&self.column).enumerate() {
            if *rate > PIVOT {
                let limit = value.max(0.0) / rate;
                let better = leaving.is_none_or(|(least, best)| {
                    limit < least - TOLERANCE
                        || (limit < least + TOLERANCE && *rate > self.column[best])
                });
                if better {
                    leaving = Some((limit, row));
                }
            }
        }
        let Some((_, row)) = leaving else { return false };
        self.pivot(entering, row, -gain, work);
        true
    }

    /// Restores values of at least zero, after demands have changed, by the dual simplex method.
    /// Gives up after `most` pivots.
    pub(super) fn restore(&mut self, most: usize, work: &mut u64) -> bool {
        for _ in 0..most {
            let least =
                self.values.iter().enumerate().fold((-TOLERANCE, None), |least, (row, value)| {
                    if *value < least.0 { (*value, Some(row)) } else { least }
                });
            let Some(row) = least.1 else { return true };
            let Some((entering, cost)) = self.dual_entering(row, work) else { return false };
            self.expand(entering, work);
            if self.column[row].abs() < PIVOT {
                return false;
            }
            self.pivot(entering, row, cost, work);
        }
        false
    }

    fn dual_entering(&self, row: usize, work: &mut u64) -> Option<(Column, f64)> {
        let inverse = &self.inverse[row * self.kinds..(row + 1) * self.kinds];
        let mut best: Option<(f64, f64, Column, f64)> = None;
        let mut consider = |column: Column, rate: f64, cost: f64| {
            if rate < -PIVOT {
                let cost = cost.max(0.0);
                let ratio = cost / -rate;
                let better = best.is_none_or(|(least, largest, ..)| {
                    ratio < least - TOLERANCE || (ratio < least + TOLERANCE && -rate > largest)
                });
                if better {
                    best = Some((ratio, -rate, column, cost));
                }
            }
        };
        for (kind, rate) in inverse.iter().enumerate() {
            consider(Column::Surplus(kind), -rate, self.prices[kind]);
        }
        let mut looked_at = self.kinds;
        for (number, pattern) in self.patterns.iter().enumerate() {
            if !self.basic[number] {
                looked_at += 2 * pattern.len();
                let rate = worth(pattern, inverse);
                consider(Column::Pattern(number), rate, 1.0 - worth(pattern, &self.prices));
            }
        }
        *work += looked_at as u64;
        best.map(|(_, _, column, cost)| (column, cost))
    }

    /// Writes a column in terms of the basis; returns what it gains.
    fn expand(&mut self, entering: Column, work: &mut u64) -> f64 {
        let kinds = self.kinds;
        let rows = self.inverse.chunks_exact(kinds).zip(&mut self.column);
        match entering {
            Column::Pattern(number) => {
                let pattern = &self.patterns[number];
                for (row, rate) in rows {
                    *rate = worth(pattern, row);
                }
                *work += (kinds * pattern.len()) as u64;
                worth(pattern, &self.prices) - 1.0
            }
            Column::Surplus(kind) => {
                for (row, rate) in rows {
                    *rate = -row[kind];
                }
                *work += kinds as u64;
                -self.prices[kind]
            }
        }
    }

    /// Exchanges the column of a row of the basis; `cost` is what the entering one costs beyond its
    /// worth.
    fn pivot(&mut self, entering: Column, row: usize, cost: f64, work: &mut u64) {
        let kinds = self.kinds;
        if let Column::Pattern(number) = self.basis[row] {
            self.basic[number] = false;
        }
        if let Column::Pattern(number) = entering {
            self.basic[number] = true;
        }
        self.basis[row] = entering;
        let scale = 1.0 / self.column[row];
        let mut pivot_row = self.inverse[row * kinds..(row + 1) * kinds].to_vec();
        for cell in &mut pivot_row {
            *cell *= scale;
        }
        let value = self.values[row] * scale;
        let mut touched = 1;
        for (other, cells) in self.inverse.chunks_exact_mut(kinds).enumerate() {
            let rate = self.column[other];
            if other == row {
                cells.copy_from_slice(&pivot_row);
                self.values[other] = value;
            } else if rate != 0.0 {
                touched += 1;
                for (cell, pivot) in cells.iter_mut().zip(&pivot_row) {
                    *cell -= rate * pivot;
                }
                self.values[other] -= rate * value;
            }
        }
        for (price, pivot) in self.prices.iter_mut().zip(&pivot_row) {
            *price += cost * pivot;
        }
        // Four numbers at a time.
        *work += (touched * kinds / 4 + kinds) as u64;
    }

    /// What is to be covered now.
    pub(super) fn set_demand(&mut self, left: &[u32], work: &mut u64) {
        for (demand, left) in self.demand.iter_mut().zip(left) {
            *demand = f64::from(*left);
        }
        for (row, value) in self.inverse.chunks_exact(self.kinds).zip(&mut self.values) {
            let parts = row.iter().zip(&self.demand).enumerate();
            *value = parts.map(|(kind, (cell, demand))| cell * (demand + aside(kind))).sum();
        }
        *work += (self.kinds * self.kinds / 4) as u64;
    }
}

pub(super) fn worth(pattern: &[Part], prices: &[f64]) -> f64 {
    pattern.iter().map(|part| prices[part.kind] * f64::from(part.copies)).sum()
}

/// Demands are moved aside by a little, each by another amount: else many values are zero, and pivots
/// go in circles.
fn aside(kind: usize) -> f64 {
    let part = (kind as u32).wrapping_mul(0x9e37_79b9) >> 8;
    ASIDE * (1.0 + f64::from(part) / f64::from(1 << 24))
}

const ASIDE: f64 = 1e-6;
/// Differences below this are taken for rounding.
const TOLERANCE: f64 = 1e-9;
/// Smaller numbers are no pivots.
const PIVOT: f64 = 1e-7;
