use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use crate::timeline::Entry;
use crate::window::Steps;

/// How many processors are free from when to when: a step function of time, without end.
///
/// A list of blocks of steps, each with its least and its most free processors, so that walks pass
/// over whole blocks. With p steps and blocks of b, a change costs O(p / b + b), as does a search
/// that meets no ragged block.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    blocks: Vec<Block>,
    /// How often a step has changed its block.
    moves: u64,
}

#[derive(Clone, Debug)]
struct Block {
    /// Never empty; times increase over all blocks.
    steps: Vec<Step>,
    /// To be added to the free processors of each step: least and most include it. These two are
    /// kept only while there are several blocks.
    added: i64,
    least: i64,
    most: i64,
}

/// From `time` to the next step, `free` processors are free: fewer than none where a caller broke a
/// promise.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Step {
    time: u64,
    free: i64,
}

/// How high the free processors of a profile rise, and when: each time they exceed all before. As
/// far as that was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Climb {
    levels: Vec<Level>,
    from: u64,
    /// The first step that was not looked at.
    next: At,
    /// [`Profile::moves`] of the profile when it was climbed.
    moves: u64,
}

impl Climb {
    /// From `from` on.
    pub(crate) fn begin(&mut self, profile: &Profile, from: u64) {
        self.levels.clear();
        self.from = from;
        self.next = profile.at(from);
        self.moves = profile.moves;
    }

    /// The profile has changed from `from` on only.
    pub(crate) fn change(&mut self, profile: &Profile, from: u64) {
        if self.moves != profile.moves {
            self.begin(profile, self.from);
            return;
        }
        self.levels.truncate(self.levels.partition_point(|level| level.time < from));
        self.next = self.next.min(profile.at(from));
    }

    /// When `processors` are free for the first time, if that is earlier than `before`.
    #[inline]
    pub(crate) fn reaches(
        &mut self,
        profile: &Profile,
        processors: u64,
        before: u64,
    ) -> Option<Level> {
        let known = self.levels.iter().find(|level| level.free >= processors);
        known
            .copied()
            .or_else(|| self.go_on(profile, processors, before))
            .filter(|level| level.time < before)
    }

    fn go_on(&mut self, profile: &Profile, processors: u64, before: u64) -> Option<Level> {
        let mut highest = self.levels.last().map_or(0, |level| signed(level.free));
        let many = profile.blocks.len() > 1;
        while let Some(block) = profile.blocks.get(self.next.block) {
            if !many || block.most > highest {
                for step in &block.steps[self.next.step..] {
                    if step.time >= before {
                        return None;
                    }
                    let free = step.free + block.added;
                    let at = self.next;
                    self.next.step += 1;
                    if free > highest {
                        highest = free;
                        let time = step.time.max(self.from);
                        let level = Level { free: unsigned(free), time, at };
                        self.levels.push(level);
                        if level.free >= processors {
                            return Some(level);
                        }
                    }
                }
            }
            self.next = At { block: self.next.block + 1, step: 0 };
        }
        None
    }
}

/// From `time` on, for the first time, `free` processors are free.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    pub(crate) free: u64,
    pub(crate) time: u64,
    pub(crate) at: At,
}

/// A step, by block and place in it.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct At {
    block: usize,
    step: usize,
}

impl Profile {
    /// `free` processors from `now` to the end of time.
    pub(crate) fn new(now: u64, free: u64) -> Self {
        Self { blocks: vec![Block::new(vec![Step { time: now, free: signed(free) }])], moves: 0 }
    }

    /// What running jobs leave: `free` processors now, more as they end (those that have outlived
    /// their expected end at the next tick). `running` comes in order of expected end.
    pub(crate) fn from_running(now: u64, free: u64, running: impl Iterator<Item = Entry>) -> Self {
        let mut profile = Self { blocks: Vec::new(), moves: 0 };
        let mut steps = vec![Step { time: now, free: signed(free) }];
        let mut last = steps[0];
        for entry in running {
            let time = entry.end.max(now + 1);
            if time > last.time {
                last.time = time;
                steps.push(last);
            }
            last.free += i64::from(entry.processors);
            if let Some(step) = steps.last_mut() {
                *step = last;
            }
            if steps.len() > BLOCK / 2 {
                let rest = steps.split_off(steps.len() - 1);
                profile.blocks.push(Block::new(steps));
                steps = rest;
            }
        }
        profile.blocks.push(Block::new(steps));
        profile
    }

    /// Forgets what lies before `now`.
    pub(crate) fn advance(&mut self, now: u64) {
        let at = self.at(now);
        if at.block > 0 {
            self.blocks.drain(..at.block);
            self.moves += 1;
        }
        let block = &mut self.blocks[0];
        if at.step > 0 {
            block.steps.drain(..at.step);
            block.measure();
        }
        block.steps[0].time = block.steps[0].time.max(now);
    }

    /// The processors free at `time`; none if a promise was broken.
    pub(crate) fn free_at(&self, time: u64) -> u64 {
        let at = self.at(time);
        let block = &self.blocks[at.block];
        u64::try_from(block.steps[at.step].free + block.added).unwrap_or(0)
    }

    /// Whether fewer than no processors are free at some time.
    #[cfg(feature = "serde")]
    pub(crate) fn is_overdrawn(&self) -> bool {
        let overdrawn = |block: &Block| block.steps.iter().any(|step| step.free + block.added < 0);
        self.blocks.iter().any(overdrawn)
    }

    /// Takes (`change` < 0) or gives back processors from `from` to `until`. What lies before the
    /// first step is ignored.
    pub(crate) fn add(&mut self, from: u64, until: u64, change: i64) {
        let from = from.max(self.blocks[0].steps[0].time);
        if from >= until {
            return;
        }
        let first = self.at(from);
        if self.blocks.get(first.block + 1).is_none_or(|next| until < next.steps[0].time) {
            self.add_within(first, from, until, change);
            return;
        }
        self.cut(from);
        self.cut(until);
        let (first, end) = (self.at(from), self.at(until));
        for at in first.block..=end.block {
            let block = &mut self.blocks[at];
            let start = if at == first.block { first.step } else { 0 };
            let stop = if at == end.block { end.step } else { block.steps.len() };
            block.add(start, stop, change);
        }
        self.join(until);
        self.join(from);
    }

    /// The same, where all of it lies in one block. `at` is the last step at or before `from`.
    fn add_within(&mut self, at: At, from: u64, until: u64, change: i64) {
        let At { block, step } = at;
        let single = self.blocks.len() == 1;
        let steps = &mut self.blocks[block].steps;
        let mut start = step;
        if steps[step].time < from {
            start += 1;
            steps.insert(start, Step { time: from, free: steps[step].free });
        }
        let mut stop = start + steps[start..].partition_point(|step| step.time < until);
        if steps.get(stop).is_none_or(|step| step.time > until) {
            steps.insert(stop, Step { time: until, free: steps[stop - 1].free });
        }
        for step in &mut steps[start..stop] {
            step.free += change;
        }
        if steps[stop].free == steps[stop - 1].free {
            steps.remove(stop);
        }
        if start > 0 && steps[start].free == steps[start - 1].free {
            steps.remove(start);
            stop -= 1;
        }
        debug_assert!(stop > 0 && !steps.is_empty());
        if steps.len() > BLOCK {
            self.split(block);
        } else if !single {
            self.blocks[block].measure();
        }
        if start == 0 && !single {
            self.join(from);
        }
    }

    /// The earliest of `starts` at which `needed` processors are free for `length` ticks, or until
    /// `before` if that is sooner.
    pub(crate) fn first_hole(
        &self,
        needed: u64,
        length: u64,
        starts: Range<u64>,
        before: u64,
    ) -> Option<u64> {
        self.first_hole_from(self.at(starts.start), needed, length, starts, before)
    }

    /// The same; `first` is the last step at or before the earliest start.
    pub(crate) fn first_hole_from(
        &self,
        first: At,
        needed: u64,
        length: u64,
        starts: Range<u64>,
        before: u64,
    ) -> Option<u64> {
        let from = starts.start;
        let latest = starts.end.min(before);
        let needed = signed(needed);
        // A single block is not measured.
        let many = self.blocks.len() > 1;
        // A hole that has begun, and until when it has to last.
        let mut hole: Option<(u64, u64)> = None;
        for (at, block) in self.blocks.iter().enumerate().skip(first.block) {
            let next_block = self.blocks.get(at + 1).map_or(u64::MAX, |block| block.steps[0].time);
            let threshold = needed - block.added;
            let begin = if at == first.block { first.step } else { 0 };
            let mut rest = &block.steps[begin..];
            if many && (if hole.is_some() { block.least >= needed } else { block.most < needed }) {
                rest = &[];
            }
            loop {
                if let Some((start, end)) = hole {
                    let ends =
                        rest.iter().position(|step| step.free < threshold || step.time >= end);
                    match ends.map(|ends| &rest[ends..]) {
                        Some([step, ..]) if step.time >= end => return Some(start),
                        Some(after) => (hole, rest) = (None, after),
                        None if next_block >= end => return Some(start),
                        None => break,
                    }
                }
                let Some(enough) = rest.iter().position(|step| step.free >= threshold) else {
                    break;
                };
                let start = rest[enough].time.max(from);
                if start >= latest {
                    return None;
                }
                hole = Some((start, start.saturating_add(length).min(before)));
                rest = &rest[enough..];
            }
            if hole.is_none() && next_block >= latest {
                return None;
            }
        }
        hole.map(|hole| hole.0)
    }

    /// The [window](Steps) of jobs that fit at `now` as things are planned: the running minimum of
    /// the free processors.
    pub(crate) fn window(&self, now: u64, window: &mut Steps) {
        window.clear();
        let first = self.at(now);
        let mut least: Option<i64> = None;
        for (at, block) in self.blocks.iter().enumerate().skip(first.block) {
            if least.is_some_and(|least| block.least >= least) {
                continue;
            }
            let begin = if at == first.block { first.step } else { 0 };
            for step in &block.steps[begin..] {
                let free = step.free + block.added;
                match least {
                    Some(known) if known <= free => {}
                    Some(known) => {
                        window.push(step.time - now, unsigned(known));
                        least = Some(free);
                    }
                    None => least = Some(free),
                }
            }
        }
        window.push(u64::MAX, unsigned(least.unwrap_or(0)));
    }

    /// The last step at or before `time`; the first if all come later.
    #[inline]
    pub(crate) fn at(&self, time: u64) -> At {
        // The present is asked for most.
        if self.blocks[0].steps.get(1).is_some_and(|second| time < second.time) {
            return At { block: 0, step: 0 };
        }
        let block = self.blocks[1..].partition_point(|block| block.steps[0].time <= time);
        let step = self.blocks[block].steps[1..].partition_point(|step| step.time <= time);
        At { block, step }
    }

    /// Makes a step begin at `time`.
    fn cut(&mut self, time: u64) {
        let at = self.at(time);
        let block = &mut self.blocks[at.block];
        let free = block.steps[at.step].free;
        if block.steps[at.step].time == time {
            return;
        }
        block.steps.insert(at.step + 1, Step { time, free });
        if block.steps.len() > BLOCK {
            self.split(at.block);
        }
    }

    /// Halves an overfull block.
    fn split(&mut self, at: usize) {
        let block = &mut self.blocks[at];
        let steps = block.steps.split_off(BLOCK / 2);
        let mut upper = Block { steps, added: block.added, least: 0, most: 0 };
        upper.measure();
        block.measure();
        self.blocks.insert(at + 1, upper);
        self.moves += 1;
    }

    /// Forgets the step at `time` if it changes nothing.
    fn join(&mut self, time: u64) {
        let at = self.at(time);
        let block = &self.blocks[at.block];
        let free = block.steps[at.step].free + block.added;
        let before = match (at.step, at.block) {
            (0, 0) => return,
            (0, _) => {
                let before = &self.blocks[at.block - 1];
                before.steps[before.steps.len() - 1].free + before.added
            }
            _ => block.steps[at.step - 1].free + block.added,
        };
        if before != free || block.steps[at.step].time != time {
            return;
        }
        let block = &mut self.blocks[at.block];
        block.steps.remove(at.step);
        if block.steps.is_empty() {
            self.blocks.remove(at.block);
            self.moves += 1;
        } else if at.step == 0 {
            // Elsewhere the neighbour of the same height stays in the block.
            block.measure();
        }
    }
}

impl Block {
    fn new(steps: Vec<Step>) -> Self {
        let mut block = Self { steps, added: 0, least: 0, most: 0 };
        block.measure();
        block
    }

    fn measure(&mut self) {
        (self.least, self.most) = (i64::MAX, i64::MIN);
        for step in &self.steps {
            self.least = self.least.min(step.free + self.added);
            self.most = self.most.max(step.free + self.added);
        }
    }

    fn add(&mut self, start: usize, stop: usize, change: i64) {
        if start == 0 && stop == self.steps.len() {
            self.added += change;
            self.least += change;
            self.most += change;
            return;
        }
        for step in &mut self.steps[start..stop] {
            step.free += change;
        }
        self.measure();
    }
}

/// At most [`MAX_PROCESSORS`](crate::MAX_PROCESSORS), so nothing is cut off.
pub(crate) fn signed(processors: u64) -> i64 {
    i64::try_from(processors).unwrap_or(i64::MAX)
}

fn unsigned(free: i64) -> u64 {
    u64::try_from(free).unwrap_or(0)
}

/// The largest block.
const BLOCK: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::Window;
    use proptest::prelude::*;

    /// The same function, tick by tick.
    struct Naive(Vec<i64>);

    impl Naive {
        fn free(&self, time: u64) -> i64 {
            let last = self.0.len() - 1;
            self.0[usize::try_from(time).map_or(last, |time| time.min(last))]
        }

        fn first_hole(
            &self,
            needed: i64,
            length: u64,
            starts: Range<u64>,
            before: u64,
        ) -> Option<u64> {
            (starts.start..starts.end.min(before).min(1000)).find(|&start| {
                (start..(start + length).min(before)).all(|time| self.free(time) >= needed)
            })
        }
    }

    /// Whether no step has as many free processors as the one before it.
    fn is_joined(profile: &Profile) -> bool {
        let levels = |block: &Block| -> Vec<i64> {
            block.steps.iter().map(|step| step.free + block.added).collect()
        };
        let levels: Vec<i64> = profile.blocks.iter().flat_map(levels).collect();
        levels.windows(2).all(|pair| pair[0] != pair[1])
    }

    /// Somebody takes the first half of a full block's first step, which then has as many as the last
    /// step of the block before it.
    #[test]
    fn a_block_that_is_split_is_joined_to_the_one_before() {
        let mut profile = Profile::new(0, 9);
        let mut tried = 0;
        for at in 0..2_000_u64 {
            profile.add(10 * at, 10 * at + 10, -signed(1 + at % 5));
            let full = |pair: &[Block]| pair[1].steps.len() == BLOCK;
            if let Some(place) = profile.blocks.windows(2).position(full) {
                let mut other = profile.clone();
                let [before, block] = &other.blocks[place..place + 2] else { unreachable!() };
                let (last, first) = (before.steps[before.steps.len() - 1], block.steps[0]);
                let change = last.free + before.added - first.free - block.added;
                other.add(first.time, first.time + 5, change);
                assert!(is_joined(&other), "at {}", first.time);
                tried += 1;
            }
        }
        assert!(tried > 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn agrees_with_a_table_of_ticks(
            changes in proptest::collection::vec((0u64..600, 1u64..60, -4i64..5), 0..400),
            questions in proptest::collection::vec(
                (-3i64..9, 1u64..80, 0u64..700, 0u64..700, 0u64..700), 1..30,
            ),
            advance in 0u64..300,
        ) {
            let mut profile = Profile::new(0, 5);
            let mut naive = Naive(vec![5; 1000]);
            for (from, length, change) in changes {
                profile.add(from, from + length, change);
                for tick in from..from + length {
                    naive.0[usize::try_from(tick).unwrap()] += change;
                }
            }
            profile.advance(advance);
            prop_assert!(is_joined(&profile));
            for (needed, length, from, latest, before) in questions {
                let (needed, from) = (needed.max(1), from.max(advance));
                let expected = naive.first_hole(needed, length, from..latest, before);
                let found =
                    profile.first_hole(needed.unsigned_abs(), length, from..latest, before);
                prop_assert_eq!(found, expected);
                prop_assert_eq!(profile.free_at(from), unsigned(naive.free(from)));
                let mut climb = Climb::default();
                climb.begin(&profile, from);
                let reached = climb
                    .reaches(&profile, needed.unsigned_abs(), u64::MAX)
                    .map(|level| level.time);
                prop_assert_eq!(reached, naive.first_hole(needed, 1, from..1000, u64::MAX));
                let mut window = Steps::default();
                profile.window(from, &mut window);
                let fits = (from..from + length).all(|time| naive.free(time) >= needed);
                prop_assert_eq!(window.admits(needed.unsigned_abs(), length), fits);
            }
        }
    }
}
