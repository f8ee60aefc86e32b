use alloc::vec::Vec;

use proptest::prelude::*;

use super::Random;

/// What the sizes of a case are like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Family {
    /// Even from 1 to the capacity.
    Uniform,
    /// Three fill a bin, as in Falkenauer's triplets: one is of a quarter to a half, two are what is
    /// left, both above a quarter of it.
    Triplets,
    /// Only five different ones.
    Ties,
    /// Bins cut in pieces, of random number and sizes.
    Cut,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Uniform, Self::Triplets, Self::Ties, Self::Cut];
}

/// Items that fill this many bins of this capacity exactly, shuffled: no fewer bins would do. The
/// capacity is taken as at least 8. `None` if that is not a property of the family.
#[must_use]
pub fn cut(seed: u64, family: Family, capacity: u64, bins: usize) -> Option<Vec<u64>> {
    let mut random = Random::new(seed);
    let capacity = capacity.max(8);
    let mut sizes = Vec::new();
    for _ in 0..bins {
        match family {
            Family::Triplets => {
                let first = capacity / 4 + 1 + random.below(capacity / 4);
                let rest = capacity - first;
                let second = rest / 3 + random.below(rest / 3 + 1);
                sizes.extend([first, second, rest - second]);
            }
            Family::Cut => {
                let mut rest = capacity;
                let pieces = 1 + random.below(6);
                for _ in 1..pieces {
                    let piece = random.below(rest);
                    sizes.push(piece);
                    rest -= piece;
                }
                sizes.push(rest);
            }
            Family::Uniform | Family::Ties => return None,
        }
    }
    random.shuffle(&mut sizes);
    Some(sizes)
}

/// A capacity and sizes of a random family, up to `items` of them.
pub fn sizes(items: usize) -> impl Strategy<Value = (u64, Vec<u64>)> {
    let capacity = prop_oneof![8..200_u64, 8..1_000_000_u64, 8..=u64::MAX];
    let family = proptest::sample::select(&Family::ALL[..]);
    (any::<u64>(), capacity, family).prop_flat_map(move |(seed, capacity, family)| {
        let mut random = Random::new(seed);
        let ties = [(); 5].map(|()| 1 + random.below(capacity));
        let all = cut(seed, family, capacity, items / 3).unwrap_or_else(|| match family {
            Family::Ties => (0..items).map(|_| ties[random.below(5) as usize]).collect(),
            _ => (0..items).map(|_| 1 + random.below(capacity)).collect(),
        });
        // So that it shrinks to the few that matter.
        let count = all.len();
        let some = proptest::sample::subsequence(all, 0..=count);
        some.prop_map(move |sizes| (capacity, sizes))
    })
}
