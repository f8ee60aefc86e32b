//! The instances that are packed when none is named.

use apportion_workload::{PackingErrorKind, PackingInstance};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng, SeedableRng};

use super::Source;
use crate::output::Error;

/// Uniform sizes, triplets, and machines of two resources.
pub(super) fn sources() -> Result<Vec<Source>, Error> {
    let made: [(&str, Make); 3] =
        [("uniform-250", uniform), ("triplets-120", triplets), ("machines-160", machines)];
    let source = |(name, make): (&str, Make)| {
        let instance = make(&mut Draws(Pcg64::seed_from_u64(SEED)))
            .map_err(|kind| Error::input(name, kind.to_string()))?;
        Ok(Source { file: name.to_owned(), name: name.to_owned(), instance })
    };
    made.into_iter().map(source).collect()
}

type Make = fn(&mut Draws) -> Result<PackingInstance, PackingErrorKind>;

/// As Falkenauer's class U: sizes from 20 to 100, bins of 150.
fn uniform(draws: &mut Draws) -> Result<PackingInstance, PackingErrorKind> {
    let mut instance = PackingInstance::new(vec![150])?;
    for _ in 0..250 {
        instance.push(&[draws.between(20, 100)], 1)?;
    }
    Ok(instance)
}

/// As Falkenauer's class T: three items fill a bin of 1000 to the brim, so the optimum is a third
/// of the items, and no bin of an optimal packing may waste anything.
fn triplets(draws: &mut Draws) -> Result<PackingInstance, PackingErrorKind> {
    let mut sizes = Vec::new();
    for _ in 0..40 {
        let first = draws.between(380, 490);
        let second = draws.between(250, (1_000 - first) / 2);
        sizes.extend([first, second, 1_000 - first - second]);
    }
    // As they come, neighbours would fill a bin.
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    let mut instance = PackingInstance::new(vec![1_000])?;
    for size in sizes {
        instance.push(&[size], 1)?;
    }
    Ok(instance)
}

/// Machines of 64 cores and 256 GiB, and tasks that need much of the one and little of the other.
fn machines(draws: &mut Draws) -> Result<PackingInstance, PackingErrorKind> {
    let mut instance = PackingInstance::new(vec![64, 256])?;
    for task in 0..160 {
        let (cores, memory) = (draws.between(2, 32), draws.between(2, 32));
        let size = if task % 2 == 0 { [cores, memory] } else { [cores / 4 + 1, 4 * memory] };
        instance.push(&size, 1)?;
    }
    Ok(instance)
}

/// Numbers drawn evenly.
struct Draws(Pcg64);

impl Draws {
    /// A number from `least` to `most`. The upper half of a product of 128 bits; the lowest parts
    /// are drawn anew where they would favour some numbers (Lemire 2019).
    fn between(&mut self, least: u64, most: u64) -> u64 {
        let count = most.saturating_sub(least) + 1;
        loop {
            let product = u128::from(self.0.next_u64()) * u128::from(count);
            #[expect(clippy::cast_possible_truncation, reason = "the two halves of the product")]
            let [low, high] = [product as u64, (product >> 64) as u64];
            if low >= count.wrapping_neg() % count {
                return least + high;
            }
        }
    }
}

const SEED: u64 = 1;
