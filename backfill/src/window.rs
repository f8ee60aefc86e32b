use alloc::vec::Vec;

/// What may start now without delaying a reservation: a job of n processors and length d is admitted if n is at most the
/// processors of the first step that is at least d long. Steps grow in length and fall in processors.
///
/// Under EASY there are two: jobs that end by the shadow time may take what is free, longer ones what is extra.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Step {
    /// The longest job of this step.
    length: u64,
    processors: u64,
}

impl Window {
    pub(crate) fn clear(&mut self) {
        self.steps.clear();
    }

    /// Appends a step: longer than the last, and no wider.
    pub(crate) fn push(&mut self, length: u64, processors: u64) {
        self.steps.push(Step { length, processors });
    }

    /// The window of a machine with `free` processors where the head of the queue leaves `extra` in `hole` ticks.
    pub(crate) fn set_easy(&mut self, hole: u64, free: u64, extra: u64) {
        self.clear();
        self.push(hole, free);
        self.push(u64::MAX, extra.min(free));
    }

    /// The window of a machine with `free` processors and no reservation.
    pub(crate) fn set_free(&mut self, free: u64) {
        self.clear();
        self.push(u64::MAX, free);
    }

    /// The processors of the widest job admitted at any length.
    #[inline]
    pub(crate) fn widest(&self) -> u64 {
        self.steps.first().map_or(0, |step| step.processors)
    }

    #[inline]
    pub(crate) fn admits(&self, processors: u64, length: u64) -> bool {
        self.steps
            .iter()
            .find(|step| length <= step.length)
            .is_some_and(|step| processors <= step.processors)
    }

    /// Whether any job of a set is admitted, of which `frontier` holds those that no other one beats.
    pub(crate) fn admits_any(&self, frontier: &Frontier) -> bool {
        self.steps.iter().any(|step| {
            frontier
                .narrowest_up_to(step.length)
                .is_some_and(|processors| processors <= step.processors)
        })
    }
}

/// The jobs of a set that are not beaten: no other one is both as narrow and as short. Processors grow, lengths fall.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Frontier {
    points: Vec<(u64, u64)>,
}

impl Frontier {
    /// The processors of the narrowest job not longer than `length`. O(log s) for s points.
    fn narrowest_up_to(&self, length: u64) -> Option<u64> {
        let at = self.points.partition_point(|point| point.1 > length);
        self.points.get(at).map(|point| point.0)
    }

    /// Adds a job. Returns whether the frontier changed. O(s).
    pub(crate) fn insert(&mut self, processors: u64, length: u64) -> bool {
        // The first point that is wider, or as wide.
        let at = self.points.partition_point(|point| point.0 < processors);
        let beaten_by_narrower = at > 0 && self.points[at - 1].1 <= length;
        let beaten_by_equal = self
            .points
            .get(at)
            .is_some_and(|point| point.0 == processors && point.1 <= length);
        if beaten_by_narrower || beaten_by_equal {
            return false;
        }
        let beaten = self.points[at..]
            .iter()
            .take_while(|point| point.1 >= length)
            .count();
        self.points.splice(at..at + beaten, [(processors, length)]);
        true
    }

    pub(crate) fn contains(&self, processors: u64, length: u64) -> bool {
        self.points
            .binary_search_by_key(&processors, |point| point.0)
            .is_ok_and(|at| self.points[at].1 == length)
    }

    pub(crate) fn rebuild(&mut self, jobs: impl Iterator<Item = (u64, u64)>) {
        self.points.clear();
        for (processors, length) in jobs {
            self.insert(processors, length);
        }
    }

    /// Becomes the frontier of two sets together. O(s).
    pub(crate) fn merge(&mut self, one: &Self, other: &Self) {
        self.points.clear();
        let (mut left, mut right) = (one.points.as_slice(), other.points.as_slice());
        loop {
            let take_left = match (left.first(), right.first()) {
                (Some(a), Some(b)) => a <= b,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => return,
            };
            let side = if take_left { &mut left } else { &mut right };
            let point = side[0];
            *side = &side[1..];
            if self.points.last().is_none_or(|last| point.1 < last.1) {
                self.points.push(point);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(jobs: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let mut points: Vec<_> = jobs
            .iter()
            .filter(|a| !jobs.iter().any(|b| b.0 <= a.0 && b.1 <= a.1 && b != *a))
            .copied()
            .collect();
        points.sort_unstable();
        points.dedup();
        points
    }

    proptest! {
        #[test]
        fn frontier_is_what_no_other_job_beats(jobs in proptest::collection::vec((1u64..12, 1u64..12), 0..40), cut in 0usize..40) {
            let mut whole = Frontier::default();
            whole.rebuild(jobs.iter().copied());
            prop_assert_eq!(&whole.points, &naive(&jobs));
            let (left, right) = jobs.split_at(cut.min(jobs.len()));
            let (mut a, mut b, mut merged) = (Frontier::default(), Frontier::default(), Frontier::default());
            a.rebuild(left.iter().copied());
            b.rebuild(right.iter().copied());
            merged.merge(&a, &b);
            prop_assert_eq!(&merged, &whole);
        }

        #[test]
        fn a_window_admits_a_set_if_it_admits_a_member(
            jobs in proptest::collection::vec((1u64..12, 1u64..12), 0..20),
            hole in 0u64..12, free in 0u64..12, extra in 0u64..12,
        ) {
            let mut frontier = Frontier::default();
            frontier.rebuild(jobs.iter().copied());
            let mut window = Window::default();
            window.set_easy(hole, free, extra);
            prop_assert_eq!(window.admits_any(&frontier), jobs.iter().any(|&(n, d)| window.admits(n, d)));
        }
    }
}
