use alloc::vec::Vec;
use core::fmt;

use crate::chance::SplitMix64;

/// In which order items are packed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[expect(clippy::exhaustive_enums, reason = "any other order is one of a list that is given")]
pub enum Order {
    /// As they are given.
    AsGiven,
    /// The largest first; equal ones as they are given.
    Decreasing,
    /// Shuffled, by this seed.
    ///
    /// *Source:* Fisher and Yates's shuffle in Durstenfeld's form, from the last place down: place
    /// `i` is exchanged with place `x mod (i + 1)`, where `x` is the next word of `SplitMix64` whose
    /// state was the seed (Steele, Lea and Flood, OOPSLA 2014). The remainder is biased by less than
    /// `n / 2^64`, and is kept because published results depend on it.
    Shuffled(u64),
}

impl Order {
    /// The numbers of the items of these `sizes`, in this order. O(n), or O(n log n) for
    /// [`Decreasing`](Self::Decreasing).
    ///
    /// ```
    /// # use apportion_binpack::Order;
    /// assert_eq!(Order::Decreasing.arrange(&[3, 5, 3, 4]), [1, 3, 0, 2]);
    /// assert_eq!(Order::Shuffled(1).arrange(&[3, 5, 3, 4]), [2, 0, 3, 1]);
    /// ```
    #[must_use]
    pub fn arrange(self, sizes: &[u64]) -> Vec<usize> {
        match self {
            Self::AsGiven => (0..sizes.len()).collect(),
            Self::Decreasing => decreasing(sizes),
            Self::Shuffled(seed) => shuffled(sizes.len(), seed),
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsGiven => f.write_str("as-given"),
            Self::Decreasing => f.write_str("decreasing"),
            Self::Shuffled(seed) => write!(f, "shuffle:{seed}"),
        }
    }
}

fn decreasing(sizes: &[u64]) -> Vec<usize> {
    let mut items: Vec<(u64, usize)> = sizes.iter().copied().zip(0..).collect();
    items.sort_by_key(|(size, _)| core::cmp::Reverse(*size));
    items.into_iter().map(|(_, item)| item).collect()
}

fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut items: Vec<usize> = (0..count).collect();
    let mut words = SplitMix64 { state: seed };
    for place in (1..count).rev() {
        items.swap(place, words.below(place + 1));
    }
    items
}
