//! Words of a generator, mapped to a range without bias.

use core::convert::Infallible;

use rand_core::{Rng, TryRng};

use crate::Error;

/// A generator made of any function that gives uniform 64-bit words: for generators that do not
/// implement the trait of this version of `rand_core`.
///
/// ```
/// use apportion_lottery::{Lottery, Words};
///
/// let mut lottery = Lottery::new();
/// let client = lottery.add(1)?;
/// let mut state = 7_u64;
/// let mut words = Words(|| {
///     state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
///     state ^ state >> 32
/// });
/// assert_eq!(lottery.draw(&mut words).unwrap().client, client);
/// # Ok::<(), apportion_lottery::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it wraps a function and nothing else")]
pub struct Words<F>(
    /// The next word.
    pub F,
);

impl<F: FnMut() -> u64> TryRng for Words<F> {
    type Error = Infallible;

    /// The upper half of a word.
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(((self.0)() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok((self.0)())
    }

    /// Words in little-endian order, the last one cut.
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&(self.0)().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// A number below `range`, which is not zero, each with the same chance.
///
/// *Source*: D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 2019:
/// the upper half of `word * range`, unless the lower half is one of the `2^64 mod range` least,
/// which would be one too many for some numbers: then the next word is taken.
#[inline]
pub(crate) fn below<R: Rng + ?Sized>(rng: &mut R, range: u64) -> u64 {
    let mut product = u128::from(rng.next_u64()) * u128::from(range);
    if (product as u64) < range {
        let surplus = range.wrapping_neg() % range;
        let mut tries = MOST_TRIES;
        while (product as u64) < surplus && tries > 0 {
            product = u128::from(rng.next_u64()) * u128::from(range);
            tries -= 1;
        }
    }
    (product >> 64) as u64
}

/// What is drawn with these words, if it takes no more of them.
pub(crate) fn with_words<T>(
    words: &[u64],
    draw: impl FnOnce(&mut dyn Rng) -> T,
) -> Result<T, Error> {
    let mut left = words.iter();
    let mut enough = true;
    let drawn = draw(&mut Words(|| {
        left.next().copied().unwrap_or_else(|| {
            enough = false;
            // One that is never refused.
            u64::MAX
        })
    }));
    if enough { Ok(drawn) } else { Err(Error::Undecided { words: words.len() }) }
}

/// As many refusals in a row, each with a chance of at most 1/2, do not happen by chance in
/// practice (2^-128): then the generator repeats itself, and what it said last is taken, so that no
/// draw goes on forever.
pub(crate) const MOST_TRIES: u32 = 128;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// What a word gives, unless it is refused.
    fn number(word: u64, range: u64) -> Option<u64> {
        let mut asked = 0;
        let number = below(
            &mut Words(|| {
                asked += 1;
                if asked == 1 { word } else { u64::MAX }
            }),
            range,
        );
        (asked == 1).then_some(number)
    }

    /// The words for a number lie side by side, the refused ones between them: the first and the
    /// last word for each number, and their neighbours, tell how many there are.
    #[test]
    fn every_number_has_as_many_words_as_every_other() {
        let large = [u64::MAX, (1 << 63) + 1, 3 << 62, 6_148_914_691_236_517_206];
        for range in (1..=300).chain(large) {
            let each = (1_u128 << 64) / u128::from(range);
            let few = (0..range.min(300)).chain(range - range.min(300)..range);
            for expected in few {
                let begin = u128::from(expected) << 64;
                let surplus = (1_u128 << 64) % u128::from(range);
                let first = (begin + surplus).div_ceil(u128::from(range));
                let end = (begin + (1 << 64)).div_ceil(u128::from(range));
                assert_eq!(end - first, each, "{expected} of {range}");
                let (first, last) = (first as u64, (end - 1) as u64);
                assert_eq!(number(first, range), Some(expected));
                assert_eq!(number(last, range), Some(expected));
                let before = first.checked_sub(1).and_then(|word| number(word, range));
                let after = last.checked_add(1).and_then(|word| number(word, range));
                assert!(before != Some(expected) && after != Some(expected));
            }
        }
    }

    #[test]
    fn a_generator_that_repeats_itself_does_not_hang() {
        assert_eq!(below(&mut Words(|| 0), 3), 0);
        assert_eq!(below(&mut Words(|| u64::MAX), u64::MAX), u64::MAX - 1);
        assert_eq!(below(&mut Words(|| 5), 1), 0);
    }

    #[test]
    fn words_fill_bytes() {
        let mut next = 0;
        let mut words = Words(|| {
            next += 0x0102_0304_0506_0708;
            next
        });
        let mut bytes = [0; 11];
        words.fill_bytes(&mut bytes);
        let found: Vec<u8> = bytes.into();
        assert_eq!(found, [8, 7, 6, 5, 4, 3, 2, 1, 16, 14, 12]);
        assert_eq!(words.next_u32(), 0x0306_090c);
    }
}
