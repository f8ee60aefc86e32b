//! The part of a large replay that is worth a closer look.

use super::{Panel, Segment};

/// A window of time, the same for all panels: from `from` up to, but not including, `to`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Window {
    pub(super) from: u64,
    pub(super) to: u64,
}

/// Chooses the window in which backfilling is busiest, where no panel shows more than `most`
/// segments, or `None` if there is no such window.
///
/// Windows begin at the starts of the panel that backfills most and are as long as `most` allows.
/// Among those at least half as long as the median, the one wins in which the number of backfilled
/// segments that begin and end there, times the processors that they keep busy on average or that
/// the others do, whichever is less, is largest; among equals, the earliest. The number alone would
/// favour bursts of tiny jobs, the processors alone a few wide ones, and without the others there
/// would be nothing to tell the backfilled ones from.
///
/// *Complexity*: `O(n log n)` for `n` segments.
pub(super) fn choose(panels: &[Panel], most: usize) -> Option<Window> {
    let backfilled = |panel: &&Panel| {
        let starts = panel.segments.iter().filter(|segment| segment.category.is_backfilled());
        starts.count()
    };
    // `max_by_key` would keep the last of equals.
    let reference = panels.iter().rev().max_by_key(backfilled)?;
    let none_backfilled = backfilled(&reference) == 0;
    let windows = candidates(panels, reference, most)?;
    let mut lengths: Vec<u64> = windows.iter().map(|window| window.to - window.from).collect();
    lengths.sort_unstable();
    let shortest = lengths.get(lengths.len() / 2)? / 2;

    let is_jumper = |segment: &Segment| none_backfilled || segment.category.is_backfilled();
    let (mut jumpers, mut others): (Vec<Segment>, Vec<Segment>) =
        reference.segments.iter().partition(|segment| is_jumper(segment));
    let alone = others.is_empty();
    let mut best = None;
    let (mut jumping, mut waiting) = (Inside::new(&mut jumpers), Inside::new(&mut others));
    for window in windows {
        jumping.move_to(window);
        waiting.move_to(window);
        let length = window.to - window.from;
        let busy = jumping.average(length);
        let busy = if alone { busy } else { busy.min(waiting.average(length)) };
        let score = busy.saturating_mul(jumping.count);
        if length >= shortest && best.is_none_or(|(other, _)| score > other) {
            best = Some((score, window));
        }
    }
    best.map(|(_, window)| window)
}

/// The longest window of at most `most` segments from each start of `reference`, ascending at both
/// ends.
///
/// There is none from a start at which half of `most` are already running: it would show their
/// middles and little else. If that holds for most starts, what remains is the unusual part of the
/// replay, and the answer is `None`.
fn candidates(panels: &[Panel], reference: &Panel, most: usize) -> Option<Vec<Window>> {
    let sorted = |panel: &Panel, time: fn(&Segment) -> u64| {
        let mut times: Vec<u64> = panel.segments.iter().map(time).collect();
        times.sort_unstable();
        times
    };
    let starts: Vec<_> = panels.iter().map(|panel| sorted(panel, |s| s.start)).collect();
    let ends: Vec<_> = panels.iter().map(|panel| sorted(panel, ended_by)).collect();
    let last = ends.iter().filter_map(|times| times.last().copied()).max().unwrap_or(0);
    let mut before = vec![(0, 0); panels.len()];
    let mut from = sorted(reference, |segment| segment.start);
    from.dedup();
    let window = |from: u64| {
        let mut to = last;
        for ((starts, ends), (started, ended)) in starts.iter().zip(&ends).zip(&mut before) {
            *started += leading(&starts[*started..], |start| start < from);
            *ended += leading(&ends[*ended..], |end| end <= from);
            if started.saturating_sub(*ended) > most / 2 {
                to = from;
            }
            // The first `ended` ends are not shown, so the window may hold that many starts more.
            to = to.min(starts.get(*ended + most).copied().unwrap_or(last));
        }
        (from < to).then_some(Window { from, to })
    };
    let asked = from.len();
    let windows: Vec<_> = from.into_iter().filter_map(window).collect();
    (windows.len() * 2 >= asked).then_some(windows)
}

fn leading(times: &[u64], holds: impl Fn(u64) -> bool) -> usize {
    times.iter().take_while(|time| holds(**time)).count()
}

/// The segments that begin and end inside a window whose limits only ever move forward.
#[derive(Debug)]
struct Inside<'a> {
    by_start: &'a [Segment],
    by_end: Vec<Segment>,
    from: u64,
    to: u64,
    left: usize,
    entered: usize,
    count: u128,
    work: u128,
}

impl<'a> Inside<'a> {
    fn new(segments: &'a mut [Segment]) -> Self {
        let mut by_end = segments.to_vec();
        by_end.sort_by_key(|segment| segment.end);
        segments.sort_by_key(|segment| segment.start);
        Self { by_start: segments, by_end, from: 0, to: 0, left: 0, entered: 0, count: 0, work: 0 }
    }

    fn move_to(&mut self, window: Window) {
        while let Some(segment) = self.by_end.get(self.entered)
            && segment.end <= window.to
        {
            self.entered += 1;
            if segment.start >= self.from {
                self.count += 1;
                self.work = self.work.saturating_add(work(segment));
            }
        }
        self.to = window.to;
        while let Some(segment) = self.by_start.get(self.left)
            && segment.start < window.from
        {
            self.left += 1;
            if segment.end <= self.to {
                self.count -= 1;
                self.work = self.work.saturating_sub(work(segment));
            }
        }
        self.from = window.from;
    }

    /// Processors kept busy on average in a window of that length, to ten bits below the point.
    fn average(&self, length: u64) -> u128 {
        self.work.saturating_mul(1 << 10) / u128::from(length.max(1))
    }
}

/// The first second at which the segment is no longer shown: one without length shows at its start.
fn ended_by(segment: &Segment) -> u64 {
    segment.end.max(segment.start.saturating_add(1))
}

fn work(segment: &Segment) -> u128 {
    u128::from(segment.processors) * u128::from(segment.end - segment.start)
}

#[cfg(test)]
mod tests {
    use super::super::Category;
    use super::super::tests::{Lcg, generated};
    use super::*;

    fn shown(panel: &Panel, window: Window) -> usize {
        panel.segments.iter().filter(|s| s.overlaps(window.from, window.to)).count()
    }

    #[test]
    fn windows_keep_to_the_limit_and_nearly_reach_it() {
        let mut random = Lcg(3);
        for _ in 0..30 {
            let panels = [generated(&mut random, 900, 16), generated(&mut random, 700, 16)];
            let window = choose(&panels, 200).unwrap();
            let largest = panels.iter().map(|panel| shown(panel, window)).max().unwrap();
            assert!((150..=200).contains(&largest), "{largest} in {window:?}");
        }
    }

    #[test]
    fn the_count_inside_is_that_of_a_full_scan() {
        let mut random = Lcg(5);
        let panels = [generated(&mut random, 600, 8), generated(&mut random, 600, 8)];
        let mut scored = panels[0].segments.clone();
        let mut inside = Inside::new(&mut scored);
        let windows = candidates(&panels, &panels[0], 50).unwrap();
        assert!(windows.len() > 100);
        for window in windows {
            inside.move_to(window);
            let expected: Vec<_> = panels[0]
                .segments
                .iter()
                .filter(|s| window.from <= s.start && s.end <= window.to)
                .collect();
            assert_eq!(inside.count, expected.len() as u128);
            assert_eq!(inside.work, expected.into_iter().map(work).sum::<u128>());
        }
    }

    #[test]
    fn backfilling_attracts_the_window() {
        let segment = |i: u64| Segment {
            job: i.cast_signed(),
            start: i * 10,
            end: i * 10 + 10,
            processors: 1,
            category: if (600..650).contains(&i) { Category::BeforeShadow } else { Category::Head },
        };
        let segments = (0..1_000).map(segment).collect();
        let panel = Panel { title: String::new(), summary: String::new(), processors: 4, segments };
        let window = choose(&[panel], 100).unwrap();
        assert!(window.from <= 6_000 && 6_500 <= window.to, "{window:?}");
    }

    #[test]
    fn no_window_where_too_many_run_at_once() {
        let segment = Segment { job: 1, start: 5, end: 9, processors: 1, category: Category::Head };
        let segments = vec![segment; 500];
        let panel =
            Panel { title: String::new(), summary: String::new(), processors: 500, segments };
        assert_eq!(choose(std::slice::from_ref(&panel), 200), None);
        assert_eq!(choose(&[panel], 500), Some(Window { from: 5, to: 9 }));
        assert_eq!(choose(&[], 200), None);
    }

    #[test]
    fn the_quiet_ends_of_a_crowded_replay_are_no_window() {
        let segment = |i: u64| Segment {
            job: i.cast_signed(),
            start: i * 10,
            end: i * 10 + 5_000,
            processors: 1,
            category: Category::BeforeShadow,
        };
        let segments = (0..5_000).map(segment).collect();
        let panel =
            Panel { title: String::new(), summary: String::new(), processors: 600, segments };
        assert_eq!(choose(std::slice::from_ref(&panel), 200), None);
        assert!(choose(&[panel], 1_200).is_some());
    }
}
