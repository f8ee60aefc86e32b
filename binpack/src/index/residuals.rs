use alloc::vec;
use alloc::vec::Vec;

use super::crowd::Groups;
use super::group::Group;
use super::{Bitmap, Found, NONE, Slot, classes};

/// Bins in the order of residuals, and those of one residual in the order of numbers.
///
/// A residual falls into a bucket: small ones into one of their own, larger ones into one with
/// those that agree in their leading bits. Order-preserving, so the next bucket that is not empty
/// has the next residuals; a bitmap finds it. Where residuals crowd, which with best fit is close to
/// zero, buckets are narrow, and they are at any scale: one huge bin among small ones costs nothing.
/// In a bucket lies a tree of classes, one for each residual, mostly of one or two. In a class lie
/// groups of numbers, of which there may be thousands.
///
/// Every call takes O(log n) at worst. The buckets are made anew, in O(n log n), when there are
/// four times as many bins, or when the largest residual has more bits: rarely enough not to count.
///
/// *Rejected:* buckets of equal width, of which the first gets nearly all bins of a large capacity;
/// one tree of all bins by (residual, number), which has no short cut to where they crowd.
#[derive(Clone, Debug, Default)]
pub(crate) struct Residuals {
    groups: Groups,
    /// The root of each bucket's tree.
    roots: Vec<u32>,
    occupied: Bitmap,
    /// Leading bits, without the first one, that a bucket's residuals agree in.
    precision: u32,
    largest: u64,
    count: usize,
    /// With more bins, buckets are made anew.
    room: usize,
}

impl Residuals {
    /// A bin that has its slot. Its residual will never be above its capacity.
    pub(crate) fn add(&mut self, slots: &mut [Slot], number: usize, residual: u64) {
        let capacity = slots[number].capacity;
        self.count += 1;
        if self.count > self.room || capacity > self.largest || self.roots.is_empty() {
            self.make_room(capacity);
        }
        self.groups.reserve(self.count);
        self.insert(slots, number, residual);
    }

    /// A bin goes away.
    pub(crate) fn remove(&mut self, slots: &mut [Slot], number: usize) {
        let home = slots[number].home;
        if self.groups.take(slots, home, number as u32) {
            self.remove_class(home);
        }
        self.count -= 1;
    }

    /// A bin has another residual.
    #[expect(clippy::inline_always, reason = "a call costs a sixth of the change")]
    #[inline(always)]
    pub(crate) fn change(&mut self, slots: &mut [Slot], number: usize, residual: u64) {
        let home = slots[number].home;
        if self.groups[home].is_class_of_one() {
            self.take_out_class(home);
            self.groups[home].residual = residual;
            self.insert_class(slots, home);
        } else {
            if self.groups.take(slots, home, number as u32) {
                self.remove_class(home);
            }
            self.insert(slots, number, residual);
        }
    }

    /// The residual of a bin.
    #[inline]
    pub(crate) fn at(&self, slots: &[Slot], number: usize) -> u64 {
        self.groups[slots[number].home].residual
    }

    /// The first bin of at least a size, and the one after it if that is wanted.
    #[inline]
    pub(crate) fn first<const NEXT: bool>(&self, size: u64) -> Option<(Found, Option<Found>)> {
        let least = bucket(self.precision, size);
        let mut bucket = self.occupied.next(least)?;
        let mut class = NONE;
        if bucket == least {
            class = classes::at_least(&self.groups, self.roots[bucket], size);
            if class == NONE {
                bucket = self.occupied.next(least + 1)?;
            }
        }
        if class == NONE {
            class = classes::smallest(&self.groups, self.roots[bucket]);
        }
        let class = &self.groups[class];
        let second = if NEXT { self.second(class, bucket) } else { None };
        Some((found(class, 0), second))
    }

    /// The second of a class in this bucket, or the first of the next class.
    #[inline]
    fn second(&self, class: &Group, bucket: usize) -> Option<Found> {
        if class.nth(1) != NONE {
            return Some(found(class, 1));
        }
        let root = self.roots[bucket];
        if class.height > 1 || self.groups[root].height > 1 {
            let next = class.residual.checked_add(1)?;
            let next = classes::at_least(&self.groups, root, next);
            if next != NONE {
                return Some(found(&self.groups[next], 0));
            }
        }
        let bucket = self.occupied.next(bucket + 1)?;
        let next = classes::smallest(&self.groups, self.roots[bucket]);
        Some(found(&self.groups[next], 0))
    }

    /// The first three in the order of residuals from the largest, and of numbers among equals.
    #[inline]
    pub(crate) fn largest<const N: usize>(&self) -> [Option<Found>; N] {
        let mut found = [None; N];
        let mut places = found.iter_mut();
        let mut class = match self.occupied.last() {
            Some(bucket) => classes::largest(&self.groups, self.roots[bucket]),
            None => return found,
        };
        'classes: loop {
            let top = &self.groups[class];
            for n in 0..N.min(3) {
                if top.nth(n) == NONE {
                    break;
                }
                let Some(place) = places.next() else { break 'classes };
                *place = Some(self::found(top, n));
            }
            if places.len() == 0 {
                break;
            }
            match self.below(top.residual) {
                Some(next) => class = next,
                None => break,
            }
        }
        found
    }

    /// The first of the class below a residual.
    fn below(&self, residual: u64) -> Option<u32> {
        let bucket = bucket(self.precision, residual);
        let found = classes::below(&self.groups, self.roots[bucket], residual);
        if found != NONE {
            return Some(found);
        }
        let bucket = self.occupied.previous(bucket)?;
        Some(classes::largest(&self.groups, self.roots[bucket]))
    }

    fn insert(&mut self, slots: &mut [Slot], number: usize, residual: u64) {
        let (bucket, number) = (bucket(self.precision, residual), number as u32);
        let class = self.class(bucket, residual);
        if class == NONE {
            let new = self.groups.open(slots, residual, number);
            self.hang_class(bucket, new);
        } else {
            self.groups.put(slots, class, number);
        }
    }

    /// The class of one that has another residual now.
    #[inline]
    fn insert_class(&mut self, slots: &mut [Slot], new: u32) {
        let Group { residual, .. } = self.groups[new];
        let bucket = bucket(self.precision, residual);
        let class = self.class(bucket, residual);
        if class == NONE {
            self.hang_class(bucket, new);
        } else {
            let number = self.groups[new].nth(0);
            self.groups.close(new);
            self.groups.put(slots, class, number);
        }
    }

    /// The class of a residual; `NONE` if there is none.
    #[inline]
    fn class(&self, bucket: usize, residual: u64) -> u32 {
        let root = self.roots[bucket];
        // Where bins crowd, a bucket has one class.
        if root == NONE || self.groups[root].residual == residual {
            root
        } else {
            classes::find(&self.groups, root, residual)
        }
    }

    /// A new class, or one that hangs nowhere.
    #[inline]
    fn hang_class(&mut self, bucket: usize, new: u32) {
        let root = self.roots[bucket];
        if root == NONE {
            self.occupied.set(bucket);
            self.roots[bucket] = new;
        } else {
            self.roots[bucket] = classes::insert(&mut self.groups, root, new);
        }
    }

    fn remove_class(&mut self, class: u32) {
        self.take_out_class(class);
        self.groups.close(class);
    }

    /// A class hangs nowhere then.
    #[inline]
    fn take_out_class(&mut self, class: u32) {
        let bucket = bucket(self.precision, self.groups[class].residual);
        let root = self.roots[bucket];
        if root == class && self.groups[class].height == 1 {
            self.roots[bucket] = NONE;
            self.occupied.clear(bucket);
        } else {
            self.roots[bucket] = classes::remove(&mut self.groups, root, class);
            self.groups[class].cut();
        }
    }

    /// For as many bins as there are, and residuals up to this one.
    #[cold]
    fn make_room(&mut self, residual: u64) {
        while self.room < self.count.max(LEAST) {
            self.room = self.room.saturating_mul(4).max(LEAST);
        }
        self.largest = self.largest.max(residual);
        self.groups.reserve(LEAST);
        let precision = precision(self.largest, (self.room / BINS).max(BUCKETS));
        let buckets = bucket(precision, self.largest) + 1;
        if precision == self.precision && !self.roots.is_empty() {
            self.roots.resize(buckets.max(self.roots.len()), NONE);
            self.occupied.grow(buckets);
            return;
        }
        self.precision = precision;
        self.roots = vec![NONE; buckets];
        self.occupied = Bitmap::default();
        self.occupied.grow(buckets);
        for class in self.groups.tops() {
            self.groups[class].cut();
            self.hang_class(bucket(precision, self.groups[class].residual), class);
        }
    }
}

#[inline]
fn found(class: &Group, n: usize) -> Found {
    Found { number: class.nth(n) as usize, residual: class.residual }
}

/// The bucket of a residual: itself, if it has at most one bit more than the precision.
#[inline]
fn bucket(precision: u32, residual: u64) -> usize {
    let shift = (residual >> precision | 1).ilog2();
    ((shift as usize) << precision) + (residual >> shift) as usize
}

/// The highest with so many buckets, or that all residuals have a bucket of their own with.
fn precision(largest: u64, buckets: usize) -> u32 {
    let bits = (u64::BITS - largest.leading_zeros()).max(1);
    let fits = |precision: &u32| bucket(*precision, largest) < buckets;
    (0..bits).rev().find(fits).unwrap_or(0)
}

/// Bins at least that there is room for.
const LEAST: usize = 64;
/// Bins for each bucket. With fewer, more words of the bitmap are empty, and searches go up and
/// down; with more, trees of classes grow.
const BINS: usize = 4;
/// Buckets at least: eight kilobytes of roots. With 256, packing some hundred items takes a sixth
/// longer.
const BUCKETS: usize = 2_048;

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
        for (bins, crowds) in [(3, 1), (30, 2), (700, 2), (700, 60), (5_000, 5)] {
            let (mut residuals, mut slots, mut twin) =
                (Residuals::default(), Vec::new(), BTreeSet::new());
            for step in 0..8 * bins {
                let number = if step < bins { step } else { next(bins as u64) as usize };
                let any = 1 << next(41);
                let residual = if next(20) == 0 { next(any) } else { next(crowds) };
                if number == slots.len() {
                    slots.push(Slot { capacity: 1 << 41, generation: 0, home: 0 });
                    residuals.add(&mut slots, number, residual);
                } else if next(16) == 0 {
                    twin.remove(&(residuals.at(&slots, number), number));
                    residuals.remove(&mut slots, number);
                    residuals.add(&mut slots, number, residual);
                } else {
                    // The first ones too, as those who place take them.
                    let first = residuals.first::<false>(residual).map(|(found, _)| found.number);
                    let number = first.filter(|_| step % 2 == 0).unwrap_or(number);
                    twin.remove(&(residuals.at(&slots, number), number));
                    residuals.change(&mut slots, number, residual);
                    twin.insert((residual, number));
                    continue;
                }
                twin.insert((residual, number));
                if step % 7 == 0 {
                    compare(&residuals, &twin, next(crowds + 1));
                }
            }
            assert!(
                twin.iter().all(|&(residual, number)| residuals.at(&slots, number) == residual)
            );
            while let Some((_, number)) = twin.pop_first() {
                residuals.remove(&mut slots, number);
                compare(&residuals, &twin, next(crowds + 1));
            }
        }
    }

    fn compare(residuals: &Residuals, twin: &BTreeSet<(u64, usize)>, size: u64) {
        let found = |&(residual, number): &(u64, usize)| Found { number, residual };
        let mut of_size = twin.range((size, 0)..).map(found);
        let expected = of_size.next().map(|first| (first, of_size.next()));
        assert_eq!(residuals.first::<true>(size), expected);
        let mut falling: Vec<Found> = Vec::new();
        let mut below = None;
        while falling.len() < 3 {
            let bound = match below {
                None => twin.last(),
                Some(residual) => twin.range(..(residual, 0)).last(),
            };
            let Some(&(residual, _)) = bound else { break };
            falling.extend(twin.range((residual, 0)..=(residual, usize::MAX)).map(found).take(3));
            below = Some(residual);
        }
        let [first, second, third] = [0, 1, 2].map(|n| falling.get(n).copied());
        assert_eq!(residuals.largest(), [first, second, third]);
    }
}
