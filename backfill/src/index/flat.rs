#![expect(clippy::inline_always, reason = "measured: values go over in registers")]

use alloc::vec::Vec;

use super::Entry;
use crate::window::{Hole, Window};

/// A sorted vector, scanned.
///
/// Who leaves only loses its needs, so that nobody moves up: its place is taken by a newcomer or
/// closed with many others.
#[derive(Clone, Debug)]
pub(crate) struct Flat<K> {
    entries: Vec<Entry<K>>,
    /// What a scan looks at, entry by entry.
    needs: Needs,
    /// The first that has not left.
    front: usize,
    len: usize,
    /// No job is narrower.
    narrowest: u32,
}

impl<K: Ord + Clone> Flat<K> {
    pub(super) const fn new() -> Self {
        Self { entries: Vec::new(), needs: Needs::new(), front: 0, len: 0, narrowest: u32::MAX }
    }

    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn first(&self) -> Option<&Entry<K>> {
        self.entries.get(self.front)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry<K>> {
        let live = |(at, entry)| (!self.needs.has_left(at)).then_some(entry);
        self.entries.iter().enumerate().skip(self.front).filter_map(live)
    }

    #[inline(always)]
    pub(super) fn insert(&mut self, entry: Entry<K>) {
        if self.len == 0 {
            self.clear();
        } else if self.entries.len() - self.len >= GAPS {
            self.close_gaps();
        }
        self.len += 1;
        self.narrowest = self.narrowest.min(entry.processors);
        // New jobs mostly come last: in order of submission always.
        if self.entries.last().is_none_or(|last| last.is_before(&entry.key, entry.sequence)) {
            self.needs.push(self.entries.len(), Need::of(&entry));
            self.entries.push(entry);
        } else {
            self.insert_within(entry);
        }
    }

    #[inline(always)]
    fn insert_within(&mut self, entry: Entry<K>) {
        let at = self.position(&entry.key, entry.sequence);
        // Before the front, all have left.
        let vacant = at.checked_sub(1).filter(|&before| self.needs.has_left(before));
        if let Some(vacant) = vacant {
            self.front = self.front.min(vacant);
            self.needs.set(vacant, Need::of(&entry));
            self.entries[vacant] = entry;
        } else {
            self.needs.insert(at, self.entries.len(), Need::of(&entry));
            self.entries.insert(at, entry);
        }
    }

    #[inline]
    pub(super) fn remove(&mut self, key: &K, sequence: u64) {
        let is_first = self.first().is_some_and(|entry| entry.sequence == sequence);
        let at = if is_first { self.front } else { self.position(key, sequence) };
        debug_assert!(self.entries.get(at).is_some_and(|entry| entry.sequence == sequence));
        self.leave(at);
    }

    /// False only if no job needs so few processors.
    #[inline]
    pub(super) fn may_fit(&self, free: u64) -> bool {
        u64::from(self.narrowest) <= free
    }

    /// The place of the first job from place `from` on that the window admits; nobody before it is
    /// admitted.
    #[inline(always)]
    pub(super) fn find(&mut self, from: usize, window: &impl Window) -> Option<usize> {
        let bounds = Bounds::of(window);
        let first = from.max(self.front) / CHUNK;
        for (chunk, needs) in self.needs.used(self.entries.len()).iter().enumerate().skip(first) {
            let mut admitted = needs.admitted(bounds);
            while admitted != 0 {
                let at = chunk * CHUNK + admitted.trailing_zeros() as usize;
                let entry = &self.entries[at];
                if window.admits(entry.processors.into(), entry.length) {
                    return Some(at);
                }
                admitted &= admitted - 1;
            }
        }
        if from <= self.front {
            let needs = self.needs.used(self.entries.len()).iter().skip(first);
            let narrowest = needs.map(Chunk::narrowest).min();
            self.narrowest = narrowest.unwrap_or(GONE).cast_unsigned();
        }
        None
    }

    #[inline]
    pub(super) fn take(&mut self, at: usize) -> Entry<K> {
        self.leave(at);
        self.entries[at].clone()
    }

    #[inline(always)]
    fn leave(&mut self, at: usize) {
        self.needs.clear(at);
        self.len -= 1;
        while self.front < self.entries.len() && self.needs.has_left(self.front) {
            self.front += 1;
        }
    }

    /// Moves up those that have not left. Not while a scan holds a place.
    #[cold]
    fn close_gaps(&mut self) {
        let mut kept = 0;
        for at in self.front..self.entries.len() {
            let needs = self.needs.get(at);
            if needs.width != GONE {
                self.entries.swap(kept, at);
                self.needs.set(kept, needs);
                kept += 1;
            }
        }
        for at in kept..self.entries.len() {
            self.needs.clear(at);
        }
        self.entries.truncate(kept);
        self.front = 0;
    }

    /// Forgets those that have left, if all have.
    #[inline]
    fn clear(&mut self) {
        self.entries.clear();
        self.front = 0;
        self.narrowest = u32::MAX;
    }

    fn position(&self, key: &K, sequence: u64) -> usize {
        let live = &self.entries[self.front..];
        self.front + live.partition_point(|entry| entry.is_before(key, sequence))
    }
}

/// A hole that admits at least all that a window admits, in what `i32` can say.
#[derive(Clone, Copy)]
struct Bounds {
    free: i32,
    length: i32,
    extra: i32,
}

impl Bounds {
    #[inline]
    fn of(window: &impl Window) -> Self {
        let Hole { length, free, extra } = window.outline();
        Self { free: short(free), length: short(length), extra: short(extra) }
    }
}

/// What a job needs, as far as `i32` can say.
#[derive(Clone, Copy, Debug)]
struct Need {
    /// `GONE` for those that have left.
    width: i32,
    length: i32,
}

impl Need {
    #[inline]
    fn of<K>(entry: &Entry<K>) -> Self {
        Self { width: short(entry.processors.into()), length: short(entry.length) }
    }
}

/// What jobs need, in whole chunks.
#[derive(Clone, Debug)]
struct Needs {
    chunks: Vec<Chunk>,
}

/// What is tested together lies together.
#[derive(Clone, Debug)]
struct Chunk {
    widths: [i32; CHUNK],
    lengths: [i32; CHUNK],
}

impl Needs {
    const fn new() -> Self {
        Self { chunks: Vec::new() }
    }

    /// The chunks of the first `len` jobs.
    #[inline]
    fn used(&self, len: usize) -> &[Chunk] {
        &self.chunks[..len.div_ceil(CHUNK)]
    }

    #[inline]
    fn has_left(&self, at: usize) -> bool {
        self.chunks[at / CHUNK].widths[at % CHUNK] == GONE
    }

    #[inline]
    fn clear(&mut self, at: usize) {
        self.chunks[at / CHUNK].widths[at % CHUNK] = GONE;
    }

    #[inline]
    fn get(&self, at: usize) -> Need {
        self.chunks[at / CHUNK].get(at % CHUNK)
    }

    #[inline]
    fn set(&mut self, at: usize, need: Need) {
        self.chunks[at / CHUNK].set(at % CHUNK, need);
    }

    /// Appends a need to `len` others.
    #[inline]
    fn push(&mut self, len: usize, need: Need) {
        self.make_room(len);
        self.set(len, need);
    }

    /// Puts a need before the one at place `at` of `len`.
    fn insert(&mut self, at: usize, len: usize, need: Need) {
        self.make_room(len);
        let (mut from, mut moved) = (at % CHUNK, need);
        for chunk in &mut self.chunks[at / CHUNK..=len / CHUNK] {
            let last = chunk.get(CHUNK - 1);
            chunk.widths.copy_within(from..CHUNK - 1, from + 1);
            chunk.lengths.copy_within(from..CHUNK - 1, from + 1);
            chunk.set(from, moved);
            (from, moved) = (0, last);
        }
    }

    /// For one more than `len`.
    #[inline]
    fn make_room(&mut self, len: usize) {
        if len == self.chunks.len() * CHUNK {
            self.chunks.push(Chunk { widths: [GONE; CHUNK], lengths: [0; CHUNK] });
        }
    }
}

impl Chunk {
    #[inline]
    fn get(&self, at: usize) -> Need {
        Need { width: self.widths[at], length: self.lengths[at] }
    }

    #[inline]
    fn set(&mut self, at: usize, need: Need) {
        self.widths[at] = need.width;
        self.lengths[at] = need.length;
    }

    /// How narrow the narrowest job is, as far as `i32` can say.
    #[inline(always)]
    fn narrowest(&self) -> i32 {
        self.widths.iter().fold(GONE, |least, &width| least.min(width))
    }

    /// Which jobs are admitted, as bits: nobody can foretell, so no branch asks for each.
    #[inline(always)]
    #[expect(clippy::needless_bitwise_bool, reason = "in a scan, nobody can foretell a branch")]
    fn admitted(&self, bounds: Bounds) -> u32 {
        let mut admitted = 0;
        let needs = self.widths.iter().zip(&self.lengths);
        for (bit, (&width, &length)) in needs.enumerate() {
            let beside = (length <= bounds.length) | (width <= bounds.extra);
            admitted |= u32::from((width <= bounds.free) & beside) << bit;
        }
        admitted
    }
}

/// A number, as far as `i32` can say, and less than `GONE`.
#[inline]
fn short(number: u64) -> i32 {
    i32::try_from(number.min(WIDEST)).unwrap_or(GONE)
}

/// The width of those that have left: no window is so wide.
const GONE: i32 = i32::MAX;
/// The largest width: one less.
const WIDEST: u64 = 0x7fff_fffe;
/// Jobs looked at together: of so many the compiler tests several at a time.
const CHUNK: usize = 32;
/// The most places of jobs that have left.
const GAPS: usize = 32;
