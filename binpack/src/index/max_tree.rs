use alloc::vec;
use alloc::vec::Vec;
use core::array::from_fn;

/// Residuals by number, and above each eight of them the largest: the first of at least a size is
/// found from the top, a cache line a level, without a branch that chance decides.
///
/// Every call takes O(log n) to the base of 8. A number where no bin is has residual 0, so a search
/// is for a size of at least 1.
///
/// *Rejected, after measuring:* a binary tree, which has three times the levels.
#[derive(Clone, Debug, Default)]
pub(crate) struct MaxTree {
    /// The residuals, then the maxima of each line of the level before; the last level has a line.
    levels: Vec<Vec<Line>>,
    length: usize,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Line([u64; WIDTH]);

impl MaxTree {
    /// A number gets a residual.
    #[inline]
    pub(crate) fn set(&mut self, number: usize, residual: u64) {
        while number >= self.length {
            self.push();
        }
        let (mut at, mut largest) = (number, residual);
        for level in &mut self.levels {
            let line = &mut level[at / WIDTH];
            let entry = &mut line.0[at % WIDTH];
            if *entry == largest {
                return;
            }
            *entry = largest;
            largest = line.largest();
            at /= WIDTH;
        }
    }

    /// A residual of at least the one that was set. Maxima can only become this one, so nothing has
    /// to be compared but with them.
    #[inline]
    pub(crate) fn raise(&mut self, number: usize, residual: u64) {
        let mut at = number;
        for level in &mut self.levels {
            let entry = &mut level[at / WIDTH].0[at % WIDTH];
            if *entry >= residual {
                return;
            }
            *entry = residual;
            at /= WIDTH;
        }
    }

    fn push(&mut self) {
        let mut at = self.length;
        self.length += 1;
        for level in &mut self.levels {
            if at / WIDTH < level.len() {
                return;
            }
            level.push(Line::default());
            at /= WIDTH;
        }
        // All are full, or there are none: what was on top is the first below a new top.
        let mut top = Line::default();
        if let Some(below) = self.levels.last() {
            top.0[0] = below[0].largest();
        }
        self.levels.push(vec![top]);
    }

    /// The first number with a residual of at least a `size` above 0.
    #[inline]
    pub(crate) fn first(&self, size: u64) -> Option<usize> {
        let top = self.levels.last()?[0].first(size)?;
        Some(self.descend(self.levels.len() - 1, top, size))
    }

    /// The first such number that is not below `from`.
    #[inline]
    pub(crate) fn first_from(&self, from: usize, size: u64) -> Option<usize> {
        let mut at = from;
        for (height, level) in self.levels.iter().enumerate() {
            let line = level.get(at / WIDTH)?;
            if let Some(found) = line.first_from(at % WIDTH, size) {
                return Some(self.descend(height, at / WIDTH * WIDTH + found, size));
            }
            at = at / WIDTH + 1;
        }
        None
    }

    /// From an entry of a level down to the first number below it.
    #[inline]
    fn descend(&self, height: usize, entry: usize, size: u64) -> usize {
        let below = self.levels[..height].iter().rev();
        // What is above is the largest of these, so one of them is found.
        below.fold(entry, |at, level| at * WIDTH + level[at].first(size).unwrap_or(0))
    }
}

impl Line {
    #[inline]
    fn largest(&self) -> u64 {
        // In pairs: in a row, each would wait for the one before.
        let four: [u64; 4] = from_fn(|at| self.0[at].max(self.0[at + 4]));
        let two: [u64; 2] = from_fn(|at| four[at].max(four[at + 2]));
        two[0].max(two[1])
    }

    #[inline]
    fn mask(&self, size: u64) -> u32 {
        let bits = self.0.iter().enumerate();
        bits.fold(0, |mask, (at, entry)| mask | u32::from(*entry >= size) << at)
    }

    #[inline]
    fn first(&self, size: u64) -> Option<usize> {
        let mask = self.mask(size);
        (mask != 0).then(|| mask.trailing_zeros() as usize)
    }

    #[inline]
    fn first_from(&self, from: usize, size: u64) -> Option<usize> {
        let mask = self.mask(size) >> from << from;
        (mask != 0).then(|| mask.trailing_zeros() as usize)
    }
}

const WIDTH: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_a_scan() {
        let mut random = 1_u64;
        let mut next = move |bound: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % bound
        };
        let (mut tree, mut twin) = (MaxTree::default(), Vec::new());
        for step in 0..20_000 {
            let number = if step % 8 == 0 { twin.len() } else { next(twin.len() as u64) as usize };
            let residual = if step % 3 == 0 { u64::MAX } else { next(4) };
            if number == twin.len() {
                twin.push(0);
            }
            if residual < twin[number] || step % 2 == 0 || number + 1 == twin.len() {
                tree.set(number, residual);
            } else {
                tree.raise(number, residual);
            }
            twin[number] = residual;
            for size in [1, 2, 3, 4, u64::MAX] {
                let expected = twin.iter().position(|residual| *residual >= size);
                assert_eq!(tree.first(size), expected);
                for from in [number, next(twin.len() as u64 + 1) as usize, twin.len()] {
                    let expected = twin[from..].iter().position(|residual| *residual >= size);
                    assert_eq!(tree.first_from(from, size), expected.map(|at| from + at));
                }
            }
            if step == 3_000 {
                twin.fill(0);
                (0..twin.len()).for_each(|number| tree.set(number, 0));
            }
        }
    }
}
