use alloc::vec;
use alloc::vec::Vec;
use core::mem;

use super::crowd::Groups;
use super::{Bitmap, Found, MOST, NONE, Slot, classes};

/// Bins in the order of residuals, and those of one residual in the order of numbers.
///
/// A residual falls into a bucket: small ones into one of their own, larger ones into one with
/// those that agree in their leading bits. Order-preserving, so the next bucket that is not empty
/// has the next residuals; a bitmap finds it. Where residuals crowd, which with best fit is close to
/// zero, buckets are narrow, and they are at any scale: one huge bin among small ones costs nothing.
/// Most buckets have no bin or one, and are its number then. Otherwise, in a bucket lies a
/// tree of classes, one for each residual. In a class lie groups of numbers, of which there may be
/// thousands.
///
/// Every call takes O(log n) at worst. The buckets are made anew, in O(n log n), when there are
/// four times as many bins, or when the largest residual has more bits or has become large beside
/// their number: rarely enough not to count.
///
/// *Rejected:* buckets of equal width, of which the first gets nearly all bins of a large capacity;
/// one tree of all bins by (residual, number), which has no short cut to where they crowd; a group
/// for each bin, which with those of a few thousand bins no cache nearby can hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Residuals {
    groups: Groups,
    roots: Vec<Root>,
    occupied: Bitmap,
    /// Leading bits, without the first one, that a bucket's residuals agree in.
    precision: u32,
    largest: u64,
    count: usize,
    /// With more bins, buckets are made anew.
    room: usize,
}

/// What is in a bucket: nothing, a bin, or the root of a tree of classes, by a bit that numbers of
/// bins do not have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Root(u32);

impl Root {
    const EMPTY: Self = Self(NONE);

    const fn tree(class: u32) -> Self {
        Self(class | MOST)
    }

    const fn is_bin(self) -> bool {
        self.0 < MOST
    }

    const fn class(self) -> u32 {
        self.0 & !MOST
    }
}

impl Residuals {
    /// A bin that has its slot. Its residual will never be above this capacity.
    pub(crate) fn add(&mut self, slots: &mut [Slot], number: usize, capacity: u64) {
        self.count += 1;
        if self.count > self.room || capacity > self.largest || self.roots.is_empty() {
            self.make_room(slots, capacity);
        }
        self.groups.reserve(self.count);
        self.insert(slots, number);
    }

    /// A bin goes away.
    pub(crate) fn remove(&mut self, slots: &mut [Slot], number: usize) {
        let home = slots[number].home;
        self.take_out(slots, home, number);
        self.count -= 1;
    }

    /// A bin has another residual.
    #[expect(clippy::inline_always, reason = "a call costs a sixth of the change")]
    #[inline(always)]
    pub(crate) fn change(&mut self, slots: &mut [Slot], number: usize, residual: u64) {
        let home = slots[number].home;
        self.change_at(slots, home, number, residual);
    }

    /// The same, of a bin whose home is known.
    #[expect(clippy::inline_always, reason = "a call costs a sixth of the change")]
    #[inline(always)]
    pub(crate) fn change_at(
        &mut self,
        slots: &mut [Slot],
        home: u32,
        number: usize,
        residual: u64,
    ) {
        self.take_out(slots, home, number);
        slots[number].residual = residual;
        self.insert(slots, number);
    }

    /// The first bin of at least a size, and the one after it if that is wanted.
    #[inline]
    pub(crate) fn first<const NEXT: bool>(
        &self,
        slots: &[Slot],
        size: u64,
    ) -> Option<(Found, Option<Found>)> {
        let least = bucket(self.precision, size);
        let mut bucket = self.occupied.next(least)?;
        let mut found = self.first_in::<NEXT>(slots, bucket, size);
        if found.is_none() {
            bucket = self.occupied.next(least + 1)?;
            found = self.first_in::<NEXT>(slots, bucket, size);
        }
        let (first, mut second) = found?;
        if NEXT && second.is_none() {
            let next = self.occupied.next(bucket + 1);
            second = next.and_then(|next| self.first_in::<false>(slots, next, size)).map(|it| it.0);
        }
        Some((first, second))
    }

    /// The same, in a bucket that is not empty.
    #[inline]
    fn first_in<const NEXT: bool>(
        &self,
        slots: &[Slot],
        bucket: usize,
        size: u64,
    ) -> Option<(Found, Option<Found>)> {
        let root = self.roots[bucket];
        if root.is_bin() {
            let found = self.alone(slots, bucket);
            return (found.residual >= size).then_some((found, None));
        }
        let class = classes::at_least(&self.groups, root.class(), size);
        if class == NONE {
            return None;
        }
        let top = &self.groups[class];
        let mut second = None;
        if NEXT {
            if top.nth(1) != NONE {
                second = Some(self.on_top(class, 1));
            } else if let Some(size) = top.residual.checked_add(1) {
                let next = classes::at_least(&self.groups, root.class(), size);
                second = (next != NONE).then(|| self.on_top(next, 0));
            }
        }
        Some((self.on_top(class, 0), second))
    }

    /// The first three in the order of residuals from the largest, and of numbers among equals.
    #[inline]
    pub(crate) fn largest<const N: usize>(&self, slots: &[Slot]) -> [Option<Found>; N] {
        let mut found = [None; N];
        let (mut count, mut next) = (0, self.occupied.last());
        while let Some(bucket) = next {
            let root = self.roots[bucket];
            if root.is_bin() {
                found[count] = Some(self.alone(slots, bucket));
                count += 1;
            } else {
                let mut class = classes::largest(&self.groups, root.class());
                while class != NONE && count < N {
                    let top = &self.groups[class];
                    for n in 0..(N - count).min(3) {
                        if top.nth(n) == NONE {
                            break;
                        }
                        found[count] = Some(self.on_top(class, n));
                        count += 1;
                    }
                    class = classes::below(&self.groups, root.class(), top.residual);
                }
            }
            next = if count < N { self.occupied.previous(bucket) } else { None };
        }
        found
    }

    /// The bin of a bucket that has only one.
    #[inline]
    fn alone(&self, slots: &[Slot], bucket: usize) -> Found {
        let number = self.roots[bucket].0 as usize;
        Found { number, residual: slots[number].residual, home: bucket as u32 | ALONE }
    }

    /// A bin on top of its class.
    #[inline]
    fn on_top(&self, class: u32, n: usize) -> Found {
        let top = &self.groups[class];
        Found { number: top.nth(n) as usize, residual: top.residual, home: class }
    }

    /// A bin is nowhere then.
    #[expect(clippy::inline_always, reason = "a call costs a sixth of the change")]
    #[inline(always)]
    fn take_out(&mut self, slots: &mut [Slot], home: u32, number: usize) {
        if home & ALONE == 0 {
            self.take_out_of_class(slots, home, number as u32);
        } else {
            self.empty((home & !ALONE) as usize);
        }
    }

    fn take_out_of_class(&mut self, slots: &mut [Slot], home: u32, number: u32) {
        if self.groups.take(slots, home, number) {
            self.remove_class(home);
        }
    }

    #[inline]
    fn empty(&mut self, bucket: usize) {
        self.roots[bucket] = Root::EMPTY;
        self.occupied.clear(bucket);
    }

    /// A bin that is nowhere.
    #[expect(clippy::inline_always, reason = "a call costs a sixth of the change")]
    #[inline(always)]
    fn insert(&mut self, slots: &mut [Slot], number: usize) {
        let slot = &mut slots[number];
        let bucket = bucket(self.precision, slot.residual);
        let root = &mut self.roots[bucket];
        if *root == Root::EMPTY {
            *root = Root(number as u32);
            slot.home = bucket as u32 | ALONE;
            self.occupied.set(bucket);
        } else {
            self.insert_beside(slots, bucket, number as u32);
        }
    }

    /// The same, into a bucket that is not empty.
    fn insert_beside(&mut self, slots: &mut [Slot], bucket: usize, number: u32) {
        let residual = slots[number as usize].residual;
        let root = self.classes(slots, bucket);
        // Where bins crowd, a bucket has one class.
        let mut class = root;
        if self.groups[root].residual != residual {
            class = classes::find(&self.groups, root, residual);
        }
        if class == NONE {
            let new = self.groups.open(slots, residual, number);
            self.roots[bucket] = Root::tree(classes::insert(&mut self.groups, root, new));
        } else {
            self.groups.put(slots, class, number);
        }
    }

    /// The root of the classes of a bucket that is not empty. If there is none, the bin gets one.
    #[expect(clippy::inline_always, reason = "where bins crowd it is a test that nothing follows")]
    #[inline(always)]
    fn classes(&mut self, slots: &mut [Slot], bucket: usize) -> u32 {
        let root = self.roots[bucket];
        if !root.is_bin() {
            return root.class();
        }
        let class = self.groups.open(slots, slots[root.0 as usize].residual, root.0);
        self.roots[bucket] = Root::tree(class);
        class
    }

    fn remove_class(&mut self, class: u32) {
        let bucket = bucket(self.precision, self.groups[class].residual);
        let root = self.roots[bucket].class();
        let rest = classes::remove(&mut self.groups, root, class);
        if rest == NONE {
            self.empty(bucket);
        } else {
            self.roots[bucket] = Root::tree(rest);
        }
        self.groups.close(class);
    }

    /// A class that hangs nowhere, and that no other has the residual of.
    fn hang_class(&mut self, slots: &mut [Slot], new: u32) {
        let bucket = bucket(self.precision, self.groups[new].residual);
        let mut root = NONE;
        if self.roots[bucket] == Root::EMPTY {
            self.occupied.set(bucket);
        } else {
            root = self.classes(slots, bucket);
        }
        self.roots[bucket] = Root::tree(classes::insert(&mut self.groups, root, new));
    }

    /// For as many bins as there are, and residuals up to this one.
    #[cold]
    fn make_room(&mut self, slots: &mut [Slot], residual: u64) {
        while self.room < self.count.max(LEAST) {
            self.room = self.room.saturating_mul(4).max(LEAST);
        }
        self.largest = self.largest.max(residual);
        self.groups.reserve(LEAST);
        let precision = precision(self.largest, buckets_for(self.room, self.largest));
        let buckets = bucket(precision, self.largest) + 1;
        if precision == self.precision && !self.roots.is_empty() {
            self.roots.resize(buckets.max(self.roots.len()), Root::EMPTY);
            self.occupied.grow(buckets);
            return;
        }
        self.precision = precision;
        let old = mem::replace(&mut self.roots, vec![Root::EMPTY; buckets]);
        self.occupied = Bitmap::default();
        self.occupied.grow(buckets);
        let tops = self.groups.tops();
        for root in old.into_iter().filter(|root| root.is_bin()) {
            self.insert(slots, root.0 as usize);
        }
        for class in tops {
            self.groups[class].cut();
            self.hang_class(slots, class);
        }
    }
}

/// The bucket of a residual: itself, if it has at most one bit more than the precision.
#[inline]
fn bucket(precision: u32, residual: u64) -> usize {
    let shift = (residual >> precision | 1).ilog2();
    ((shift as usize) << precision) + (residual >> shift) as usize
}

/// How many buckets are measured to be best for so many bins, with residuals up to the largest.
fn buckets_for(bins: usize, largest: u64) -> usize {
    let is_sparse = largest / SPARSE >= bins as u64;
    let buckets = if is_sparse { bins.saturating_mul(BUCKETS_OF_SPARSE) } else { bins / BINS };
    buckets.max(BUCKETS)
}

/// The highest with so many buckets, or that all residuals have a bucket of their own with.
fn precision(largest: u64, buckets: usize) -> u32 {
    let bits = (u64::BITS - largest.leading_zeros()).max(1);
    let fits = |precision: &u32| bucket(*precision, largest) < buckets;
    (0..bits).rev().find(fits).unwrap_or(0)
}

/// Bins at least that there is room for.
const LEAST: usize = 64;
/// The home of a bin that is alone in its bucket is this and the bucket; of others, their group.
const ALONE: u32 = MOST;
/// Bins for each bucket where residuals coincide. With fewer, more words of the bitmap are empty, and
/// searches go up and down; with more, trees of classes grow.
const BINS: usize = 4;
/// Buckets for each bin where residuals hardly ever coincide: with fewer, each bucket has a tree of
/// them.
const BUCKETS_OF_SPARSE: usize = 2;
/// With so many residuals for each bin, they hardly ever coincide.
const SPARSE: u64 = 128;
/// Buckets at least: sixteen kilobytes of roots. With 256, packing some hundred items takes a sixth
/// longer.
const BUCKETS: usize = 4_096;

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    /// Many bins of few residuals, and some of any, as in a sorted set of pairs.
    #[test]
    fn as_a_sorted_set() {
        let mut random = 1_u64;
        let mut next = move |bound: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % bound
        };
        // Of 2^20, the last bins are so many that residuals coincide, and the first are not.
        let (few, many) = (20, 41);
        for (bins, crowds, bits) in [
            (3, 1, many),
            (30, 2, many),
            (700, 2, many),
            (700, 60, many),
            (5_000, 5, many),
            (5_000, 5, few),
        ] {
            let (mut residuals, mut slots, mut twin) =
                (Residuals::default(), Vec::new(), BTreeSet::new());
            for step in 0..8 * bins {
                let number = if step < bins { step } else { next(bins as u64) as usize };
                let any = 1 << next(bits);
                let residual = if next(20) == 0 { next(any) } else { next(crowds) };
                if number == slots.len() {
                    slots.push(Slot { residual, generation: 0, home: 0 });
                    residuals.add(&mut slots, number, 1 << bits);
                } else if next(16) == 0 {
                    twin.remove(&(slots[number].residual, number));
                    residuals.remove(&mut slots, number);
                    slots[number].residual = residual;
                    residuals.add(&mut slots, number, 1 << bits);
                } else {
                    // The first ones too, as those who place take them.
                    let first =
                        residuals.first::<false>(&slots, residual).map(|(found, _)| found.number);
                    let number = first.filter(|_| step % 2 == 0).unwrap_or(number);
                    twin.remove(&(slots[number].residual, number));
                    residuals.change(&mut slots, number, residual);
                    twin.insert((residual, number));
                    continue;
                }
                twin.insert((residual, number));
                if step % 7 == 0 {
                    compare(&residuals, &slots, &twin, next(crowds + 1));
                }
            }
            assert!(twin.iter().all(|&(residual, number)| slots[number].residual == residual));
            while let Some((_, number)) = twin.pop_first() {
                residuals.remove(&mut slots, number);
                compare(&residuals, &slots, &twin, next(crowds + 1));
            }
        }
    }

    fn compare(residuals: &Residuals, slots: &[Slot], twin: &BTreeSet<(u64, usize)>, size: u64) {
        let pair = |found: Found| {
            assert_eq!(slots[found.number].home, found.home);
            (found.residual, found.number)
        };
        let mut of_size = twin.range((size, 0)..).copied();
        let expected = of_size.next().map(|first| (first, of_size.next()));
        let first = residuals.first::<true>(slots, size);
        assert_eq!(first.map(|(first, second)| (pair(first), second.map(pair))), expected);
        let mut falling: Vec<(u64, usize)> = Vec::new();
        let mut below = None;
        while falling.len() < 3 {
            let bound = match below {
                None => twin.last(),
                Some(residual) => twin.range(..(residual, 0)).last(),
            };
            let Some(&(residual, _)) = bound else { break };
            falling.extend(twin.range((residual, 0)..=(residual, usize::MAX)).take(3));
            below = Some(residual);
        }
        let expected = [0, 1, 2].map(|n| falling.get(n).copied());
        assert_eq!(residuals.largest(slots).map(|found| found.map(pair)), expected);
    }
}
