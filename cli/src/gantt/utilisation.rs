//! How busy the processors were, by category, in equal bins of time.

use super::{Category, Segment};

/// Work (processors times seconds) in each bin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Utilisation {
    /// The bins' limits, ascending: one more than there are bins.
    pub(super) edges: Vec<u64>,
    /// `work[category][bin]`, the categories in the order of [`Category::ALL`].
    pub(super) work: Vec<Vec<u128>>,
}

/// Adds up the work of `segments` in up to `bins` bins of `[from, to]`.
///
/// The sums are exact as long as they fit 128 bits. Bins differ by at most a second, and none is
/// empty: a short range has fewer.
///
/// *Complexity*: `O(n log bins)` for `n` segments.
pub(super) fn measure(segments: &[Segment], from: u64, to: u64, bins: u64) -> Utilisation {
    let span = to.saturating_sub(from);
    let bins = bins.min(span);
    let edge = |i: u64| {
        let offset = u128::from(span) * u128::from(i) / u128::from(bins.max(1));
        from + u64::try_from(offset).unwrap_or(span)
    };
    let edges: Vec<u64> = (0..=bins).map(edge).collect();
    let works = Category::ALL.map(|category| {
        let of_category = segments.iter().filter(|segment| segment.category == category);
        measure_one(of_category, &edges)
    });
    Utilisation { edges, work: works.to_vec() }
}

fn measure_one<'a>(segments: impl Iterator<Item = &'a Segment>, edges: &[u64]) -> Vec<u128> {
    let bins = edges.len().saturating_sub(1);
    let mut work = vec![0_u128; bins];
    // Bins that a segment fills from edge to edge are counted by where it enters and leaves them.
    let mut entering = vec![0_u128; bins + 1];
    let mut leaving = vec![0_u128; bins + 1];
    for segment in segments {
        let start = segment.start.max(edges[0]);
        let end = segment.end.min(edges[bins]);
        if start >= end {
            continue;
        }
        let processors = u128::from(segment.processors);
        let first = edges.partition_point(|edge| *edge <= start) - 1;
        let last = edges.partition_point(|edge| *edge < end) - 1;
        let mut add = |bin: usize, seconds: u64| {
            work[bin] = work[bin].saturating_add(processors * u128::from(seconds));
        };
        if first == last {
            add(first, end - start);
        } else {
            add(first, edges[first + 1] - start);
            add(last, end - edges[last]);
            entering[first + 1] += processors;
            leaving[last] += processors;
        }
    }
    let mut full = 0;
    for (bin, work) in work.iter_mut().enumerate() {
        full = full + entering[bin] - leaving[bin];
        let length = u128::from(edges[bin + 1] - edges[bin]);
        *work = work.saturating_add(u128::saturating_mul(full, length));
    }
    work
}

#[cfg(test)]
mod tests {
    use super::super::tests::Lcg;
    use super::*;

    #[test]
    fn bins_hold_the_work_of_every_second() {
        let mut random = Lcg(7);
        for case in 0..200 {
            let from = random.below(1_000);
            let span = 1 + random.below(90);
            let segments: Vec<Segment> = (0..random.below(30))
                .map(|job| {
                    let start = from + random.below(span);
                    let end = start + random.below(from + span - start + 1);
                    let category = Category::ALL[usize::try_from(random.below(5)).unwrap()];
                    let processors = random.below(9);
                    Segment { job: job.cast_signed(), start, end, processors, category }
                })
                .collect();
            let measured = measure(&segments, from, from + span, 1 + random.below(40));
            for (category, bins) in Category::ALL.iter().zip(&measured.work) {
                for (bin, work) in bins.iter().enumerate() {
                    let (low, high) = (measured.edges[bin], measured.edges[bin + 1]);
                    let expected: u64 = (low..high)
                        .flat_map(|now| {
                            segments.iter().filter(move |s| s.start <= now && now < s.end)
                        })
                        .filter(|segment| segment.category == *category)
                        .map(|segment| segment.processors)
                        .sum();
                    assert_eq!(*work, u128::from(expected), "case {case}, bin {bin}");
                }
            }
            let total: u128 = measured.work.iter().flatten().sum();
            let work = |s: &Segment| u128::from(s.processors * (s.end - s.start));
            assert_eq!(total, segments.iter().map(work).sum::<u128>(), "case {case}");
        }
    }

    #[test]
    fn extreme_values_saturate() {
        let all = Segment {
            job: 1,
            start: 0,
            end: u64::MAX,
            processors: u64::MAX,
            category: Category::Head,
        };
        let measured = measure(&[all; 9], 0, u64::MAX, 1);
        assert_eq!(measured.work[0], [u128::MAX]);
        let measured = measure(&[all; 9], 5, 5, 300);
        assert_eq!((measured.edges.as_slice(), measured.work[0].len()), ([5].as_slice(), 0));
    }
}
