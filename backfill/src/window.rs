use alloc::vec::Vec;

/// What may start now without delaying a reservation.
pub(crate) trait Window {
    /// Whether a job of `processors` and `length` is admitted. Narrower and shorter ones then are,
    /// too.
    fn admits(&self, processors: u64, length: u64) -> bool;

    /// Whether any job of a set is admitted, of which `frontier` holds those that no other one
    /// beats.
    fn admits_any(&self, frontier: &Frontier) -> bool;

    /// The window as steps of growing length and falling width: a job is admitted by the first
    /// that is at least as long, or not at all.
    fn steps(&self) -> impl Iterator<Item = (u64, u64)>;

    /// A hole that admits at least all that this window admits.
    fn outline(&self) -> Hole;
}

/// The window beside at most one reservation: jobs that end by its start may take what is free,
/// longer ones what is extra.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hole {
    /// Ticks until the reservation starts.
    pub(crate) length: u64,
    pub(crate) free: u64,
    /// Processors that the reservation leaves free.
    pub(crate) extra: u64,
}

impl Hole {
    /// The window of a machine with `free` processors and no reservation.
    pub(crate) const fn unbounded(free: u64) -> Self {
        Self { length: u64::MAX, free, extra: 0 }
    }
}

impl Window for Hole {
    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "in a scan, nobody can foretell a branch")]
    fn admits(&self, processors: u64, length: u64) -> bool {
        (processors <= self.free) & ((length <= self.length) | (processors <= self.extra))
    }

    fn admits_any(&self, frontier: &Frontier) -> bool {
        frontier.narrowest_up_to(self.length).is_some_and(|processors| processors <= self.free)
            || frontier
                .narrowest()
                .is_some_and(|processors| processors <= self.extra.min(self.free))
    }

    fn steps(&self) -> impl Iterator<Item = (u64, u64)> {
        [(self.length, self.free), (u64::MAX, self.extra.min(self.free))].into_iter()
    }

    #[inline]
    fn outline(&self) -> Self {
        *self
    }
}

/// The window beside any number of reservations: a job is admitted if it is no wider than the first
/// step that is at least as long. Steps grow in length and fall in processors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Step {
    /// The longest job of this step.
    length: u64,
    processors: u64,
}

impl Steps {
    pub(crate) fn clear(&mut self) {
        self.steps.clear();
    }

    /// Appends a step: longer than the last, and no wider.
    pub(crate) fn push(&mut self, length: u64, processors: u64) {
        self.steps.push(Step { length, processors });
    }
}

impl Window for Steps {
    fn admits(&self, processors: u64, length: u64) -> bool {
        let at = self.steps.partition_point(|step| step.length < length);
        self.steps.get(at).is_some_and(|step| processors <= step.processors)
    }

    fn admits_any(&self, frontier: &Frontier) -> bool {
        self.steps.iter().any(|step| {
            frontier
                .narrowest_up_to(step.length)
                .is_some_and(|processors| processors <= step.processors)
        })
    }

    fn steps(&self) -> impl Iterator<Item = (u64, u64)> {
        self.steps.iter().map(|step| (step.length, step.processors))
    }

    fn outline(&self) -> Hole {
        let Some(first) = self.steps.first() else { return Hole::unbounded(0) };
        let extra = self.steps.get(1).map_or(0, |second| second.processors);
        Hole { length: first.length, free: first.processors, extra }
    }
}

/// The jobs of a set that are not beaten: no other one is both as narrow and as short. Processors
/// grow, lengths fall.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Frontier {
    points: Vec<(u64, u64)>,
}

impl Clone for Frontier {
    fn clone(&self) -> Self {
        Self { points: self.points.clone() }
    }

    fn clone_from(&mut self, source: &Self) {
        self.points.clone_from(&source.points);
    }
}

impl Frontier {
    /// The processors of the narrowest job not longer than `length`. O(log s) for s points.
    fn narrowest_up_to(&self, length: u64) -> Option<u64> {
        let at = self.points.partition_point(|point| point.1 > length);
        self.points.get(at).map(|point| point.0)
    }

    fn narrowest(&self) -> Option<u64> {
        self.points.first().map(|point| point.0)
    }

    /// Adds a job. Returns whether the frontier changed. O(s).
    pub(crate) fn insert(&mut self, processors: u64, length: u64) -> bool {
        // The first point that is wider, or as wide.
        let at = self.points.partition_point(|point| point.0 < processors);
        let beaten_by_narrower = at > 0 && self.points[at - 1].1 <= length;
        let beaten_by_equal =
            self.points.get(at).is_some_and(|point| point.0 == processors && point.1 <= length);
        if beaten_by_narrower || beaten_by_equal {
            return false;
        }
        let beaten = self.points[at..].iter().take_while(|point| point.1 >= length).count();
        if beaten == 0 {
            self.points.insert(at, (processors, length));
        } else {
            self.points[at] = (processors, length);
            self.points.drain(at + 1..at + beaten);
        }
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
        fn frontier_is_what_no_other_job_beats(
            jobs in proptest::collection::vec((1u64..12, 1u64..12), 0..40),
            cut in 0usize..40,
        ) {
            let mut whole = Frontier::default();
            whole.rebuild(jobs.iter().copied());
            prop_assert_eq!(&whole.points, &naive(&jobs));
            let (left, right) = jobs.split_at(cut.min(jobs.len()));
            let [mut a, mut b, mut merged] = [(); 3].map(|()| Frontier::default());
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
            let window = Hole { length: hole, free, extra };
            let mut steps = Steps::default();
            steps.push(hole, free);
            steps.push(u64::MAX, extra.min(free));
            prop_assert_eq!(steps.admits_any(&frontier), window.admits_any(&frontier));
            prop_assert!(jobs.iter().all(|&(n, d)| steps.admits(n, d) == window.admits(n, d)));
            let any = jobs.iter().any(|&(n, d)| window.admits(n, d));
            prop_assert_eq!(window.admits_any(&frontier), any);
        }
    }
}
