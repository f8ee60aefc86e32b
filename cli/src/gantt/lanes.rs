//! Which processors a segment is drawn on.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::Segment;

/// A contiguous run of processors: `count` of them from `first` on.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Run {
    pub(super) first: u64,
    pub(super) count: u64,
}

/// Assigns each segment its runs of processors, in the order of `segments`, lowest run first.
///
/// A segment gets the shortest free run that holds it, else the lowest free runs together, else
/// what is left. At one instant ends come before starts, and starts follow the order of `segments`.
///
/// *Complexity*: `O((n + r) log n)` for `n` segments with `r` runs in all.
pub(super) fn assign(segments: &[Segment], processors: u64) -> Vec<Vec<Run>> {
    let mut order: Vec<usize> = (0..segments.len()).collect();
    order.sort_by_key(|&i| segments[i].start);
    let mut free = FreeRuns::new(processors);
    let mut running: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    let mut assigned = vec![Vec::new(); segments.len()];
    for i in order {
        while let Some(&Reverse((end, done))) = running.peek()
            && end <= segments[i].start
        {
            for run in &assigned[done] {
                free.release(*run);
            }
            running.pop();
        }
        assigned[i] = free.take(segments[i].processors);
        running.push(Reverse((segments[i].end, i)));
    }
    assigned
}

/// The free processors as maximal runs, found by place and by length.
#[derive(Debug)]
struct FreeRuns {
    by_first: BTreeMap<u64, u64>,
    by_count: BTreeSet<(u64, u64)>,
}

impl FreeRuns {
    fn new(processors: u64) -> Self {
        let mut free = Self { by_first: BTreeMap::new(), by_count: BTreeSet::new() };
        if processors > 0 {
            free.insert(Run { first: 0, count: processors });
        }
        free
    }

    fn take(&mut self, wanted: u64) -> Vec<Run> {
        if wanted == 0 {
            return Vec::new();
        }
        if let Some(&(count, first)) = self.by_count.range((wanted, 0)..).next() {
            return vec![self.take_from(Run { first, count }, wanted)];
        }
        let mut taken = Vec::new();
        let mut missing = wanted;
        while missing > 0
            && let Some((&first, &count)) = self.by_first.first_key_value()
        {
            let run = self.take_from(Run { first, count }, missing.min(count));
            missing -= run.count;
            taken.push(run);
        }
        taken
    }

    /// Takes the lowest `count` processors of a free run.
    fn take_from(&mut self, run: Run, count: u64) -> Run {
        self.remove(run);
        if count < run.count {
            self.insert(Run { first: run.first + count, count: run.count - count });
        }
        Run { first: run.first, count }
    }

    fn release(&mut self, run: Run) {
        let mut merged = run;
        if let Some((&first, &count)) = self.by_first.range(..run.first).next_back()
            && first + count == run.first
        {
            self.remove(Run { first, count });
            merged = Run { first, count: count + merged.count };
        }
        if let Some(&count) = self.by_first.get(&(run.first + run.count)) {
            self.remove(Run { first: run.first + run.count, count });
            merged.count += count;
        }
        self.insert(merged);
    }

    fn insert(&mut self, run: Run) {
        self.by_first.insert(run.first, run.count);
        self.by_count.insert((run.count, run.first));
    }

    fn remove(&mut self, run: Run) {
        self.by_first.remove(&run.first);
        self.by_count.remove(&(run.count, run.first));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Category;
    use super::super::tests::Lcg;
    use super::*;

    fn segment(start: u64, end: u64, processors: u64) -> Segment {
        Segment { job: 0, start, end, processors, category: Category::Head }
    }

    fn run(first: u64, count: u64) -> Run {
        Run { first, count }
    }

    #[test]
    fn the_tightest_run_is_preferred_and_the_rest_is_split_from_below() {
        let segments = [
            segment(0, 5, 2),
            segment(0, 9, 1),
            segment(0, 5, 4),
            segment(0, 9, 1),
            segment(5, 9, 2),
            segment(6, 9, 3),
        ];
        let lanes = assign(&segments, 8);
        assert_eq!(lanes[4], [run(0, 2)]);
        assert_eq!(lanes[5], [run(3, 3)]);
        let lanes = assign(&[&segments[..4], &[segment(5, 9, 5)]].concat(), 8);
        assert_eq!(lanes[4], [run(0, 2), run(3, 3)]);
    }

    #[test]
    fn ends_free_processors_for_starts_at_the_same_instant() {
        let lanes = assign(&[segment(5, 9, 4), segment(0, 5, 4), segment(9, 9, 4)], 4);
        assert!(lanes.iter().all(|runs| runs == &[run(0, 4)]));
    }

    #[test]
    fn generated_segments_are_covered_exactly_and_never_overlap() {
        let mut random = Lcg(1);
        for case in 0..300 {
            let processors = 1 + random.below(20);
            let mut segments: Vec<Segment> = Vec::new();
            for _ in 0..60 {
                let start = random.below(40);
                let new =
                    segment(start, start + 1 + random.below(10), 1 + random.below(processors));
                let fits = (new.start..new.end).all(|now| {
                    let busy = segments.iter().filter(|s| s.start <= now && now < s.end);
                    busy.map(|s| s.processors).sum::<u64>() + new.processors <= processors
                });
                if fits {
                    segments.push(new);
                }
            }
            let lanes = assign(&segments, processors);
            for (segment, runs) in segments.iter().zip(&lanes) {
                let covered: u64 = runs.iter().map(|run| run.count).sum();
                assert_eq!(covered, segment.processors, "case {case}");
                assert!(
                    runs.iter().all(|run| run.count > 0 && run.first + run.count <= processors)
                );
                assert!(runs.windows(2).all(|pair| pair[0].first + pair[0].count < pair[1].first));
            }
            for (i, a) in segments.iter().enumerate() {
                for (j, b) in segments.iter().enumerate().take(i) {
                    if a.start < b.end && b.start < a.end {
                        let apart = lanes[i].iter().all(|x| {
                            let clear = |y: &Run| {
                                x.first + x.count <= y.first || y.first + y.count <= x.first
                            };
                            lanes[j].iter().all(clear)
                        });
                        assert!(apart, "case {case}: segments {i} and {j}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_exceeds_the_capacity_gets_what_is_left() {
        let lanes = assign(&[segment(0, 9, 3), segment(1, 9, 7), segment(2, 9, 1)], 5);
        assert_eq!(lanes, [vec![run(0, 3)], vec![run(3, 2)], vec![]]);
        assert_eq!(assign(&[segment(0, 9, 3)], 0), [vec![]]);
    }

    #[test]
    fn every_processor_count_works() {
        let half = u64::MAX / 2;
        let segments = [segment(0, 2, half), segment(0, 3, u64::MAX), segment(3, 4, u64::MAX)];
        let lanes = assign(&segments, u64::MAX);
        assert_eq!(lanes[1], [run(half, u64::MAX - half)]);
        assert_eq!(lanes[2], [run(0, u64::MAX)]);
    }
}
