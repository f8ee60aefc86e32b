use std::collections::BTreeMap;
use std::time::Duration;

/// How long something took, many times over: counted in buckets that are no wider than 1/32 of what
/// is in them, so that memory is bounded.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Latencies {
    buckets: BTreeMap<u64, u64>,
    count: u64,
    longest: Duration,
}

impl Latencies {
    /// Counts one.
    pub fn record(&mut self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        *self.buckets.entry(rounded(nanoseconds)).or_default() += 1;
        self.count += 1;
        self.longest = self.longest.max(latency);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest, exactly; zero if there are none.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// The middle one: half of them took no longer.
    #[must_use]
    pub fn median(&self) -> Option<Duration> {
        self.permille(500)
    }

    /// 99 of 100 took no longer.
    #[must_use]
    pub fn percentile_99(&self) -> Option<Duration> {
        self.permille(990)
    }

    /// What so many of a thousand did not exceed, rounded down by 1/32 at most.
    fn permille(&self, permille: u64) -> Option<Duration> {
        let rank = u128::from(self.count) * u128::from(permille);
        let mut counted = 0_u128;
        let reached = self.buckets.iter().find(|&(_, &count)| {
            counted += u128::from(count) * 1000;
            counted >= rank
        });
        reached.map(|(&nanoseconds, _)| Duration::from_nanos(nanoseconds))
    }
}

/// The least number in the bucket: of the binary digits, six remain.
fn rounded(number: u64) -> u64 {
    let cut = (u64::BITS - number.leading_zeros()).saturating_sub(DIGITS);
    number >> cut << cut
}

const DIGITS: u32 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_a_sorted_list() {
        let mut latencies = Latencies::default();
        assert_eq!((latencies.median(), latencies.longest()), (None, Duration::ZERO));
        for millis in (1..=1_000).rev() {
            latencies.record(Duration::from_millis(millis));
        }
        assert_eq!((latencies.count(), latencies.longest()), (1_000, Duration::from_secs(1)));
        for (found, exact) in [(latencies.median(), 500), (latencies.percentile_99(), 990)] {
            let exact = Duration::from_millis(exact);
            let found = found.unwrap();
            assert!(found <= exact && exact <= found + exact / 32, "{found:?}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut latencies = Latencies::default();
        for bit in 0..64 {
            for number in 0..200_u64 {
                latencies.record(Duration::from_nanos((1 << bit) | number.rotate_right(64 - bit)));
            }
        }
        latencies.record(Duration::MAX);
        assert!(latencies.buckets.len() <= 64 * 32);
        assert_eq!(latencies.longest(), Duration::MAX);
    }
}
