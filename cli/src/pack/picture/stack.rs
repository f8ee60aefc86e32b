//! The boxes of a bin, and their colours.

use crate::picture::draw::scale;

/// How large an item is, in parts of a bin: so many of them, and no more, fit.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Class {
    /// One to a bin.
    Half,
    /// Two.
    Third,
    /// Three.
    Quarter,
    /// Four to seven.
    Eighth,
    /// Eight or more.
    Small,
}

impl Class {
    pub(super) const ALL: [Self; 5] =
        [Self::Half, Self::Third, Self::Quarter, Self::Eighth, Self::Small];

    pub(super) fn of(size: u64, capacity: u64) -> Self {
        match capacity.checked_div(size) {
            Some(0 | 1) => Self::Half,
            Some(2) => Self::Third,
            Some(3) => Self::Quarter,
            Some(4..=7) => Self::Eighth,
            _ => Self::Small,
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Half => "above 1/2 of a bin",
            Self::Third => "above 1/3",
            Self::Quarter => "above 1/4",
            Self::Eighth => "above 1/8",
            Self::Small => "up to 1/8",
        }
    }

    pub(super) const fn colour(self) -> &'static str {
        match self {
            Self::Half => "#1f4e79",
            Self::Third => "#3f7cac",
            Self::Quarter => "#74a9cf",
            Self::Eighth => "#a6cbe3",
            Self::Small => "#d3e4f1",
        }
    }

    /// The colour of letters on it.
    pub(super) const fn ink(self) -> &'static str {
        match self {
            Self::Half | Self::Third => "#ffffff",
            _ => "#1a1a1a",
        }
    }
}

/// A box: one item, or several that are too low to be drawn one by one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Block {
    /// Lower and upper edge, in pixels from the bottom.
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) class: Class,
    /// The size of the item, if it is one.
    pub(super) size: Option<u64>,
}

/// Stacks items in a column that is `height` pixels high for the capacity.
pub(super) fn stack(sizes: &[u64], capacity: u64, height: u32) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut load = 0_u128;
    let mut low = 0.0;
    // The items since `low`: how many, and the largest.
    let (mut count, mut largest) = (0, 0);
    for (place, size) in sizes.iter().copied().enumerate() {
        load += u128::from(size);
        if size > 0 {
            count += 1;
            largest = largest.max(size);
        }
        let high = scale(load, capacity.into(), height);
        let last = place + 1 == sizes.len();
        if high - low >= LOWEST || (last && high > low) {
            let size = (count == 1).then_some(largest);
            blocks.push(Block { low, high, class: Class::of(largest, capacity), size });
            (low, count, largest) = (high, 0, 0);
        }
    }
    blocks
}

/// Lower boxes are drawn together with what lies above them.
const LOWEST: f64 = 3.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_by_how_many_fit() {
        let classes = [0, 1, 12, 13, 25, 26, 33, 34, 50, 51, 100].map(|size| Class::of(size, 100));
        let [small, eighth, quarter, third, half] =
            [Class::Small, Class::Eighth, Class::Quarter, Class::Third, Class::Half];
        assert_eq!(
            classes,
            [small, small, small, eighth, eighth, quarter, quarter, third, third, half, half]
        );
        assert_eq!(Class::of(u64::MAX, u64::MAX), half);
        assert_eq!(Class::of(0, 0), small);
    }

    #[test]
    fn items_are_stacked_and_small_ones_together() {
        let edges = |sizes: &[u64]| {
            let blocks = stack(sizes, 100, 100);
            let edge = |block: &Block| (block.low.round(), block.high.round(), block.size);
            blocks.iter().map(edge).collect::<Vec<_>>()
        };
        assert_eq!(edges(&[60, 0, 40]), [(0.0, 60.0, Some(60)), (60.0, 100.0, Some(40))]);
        assert_eq!(edges(&[1, 1, 1, 1, 1]), [(0.0, 3.0, None), (3.0, 5.0, None)]);
        assert_eq!(edges(&[1, 40, 2]), [(0.0, 41.0, None), (41.0, 43.0, Some(2))]);
        assert!(edges(&[0, 0]).is_empty() && edges(&[]).is_empty());
        assert!(stack(&[0, 0], 0, 100).is_empty());
        assert!(stack(&vec![1; 100_000], 100_000, 180).len() <= 60);
    }
}
