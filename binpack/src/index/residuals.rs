use alloc::vec;
use alloc::vec::Vec;

use super::heap::{self, Node};
use super::{Bitmap, Found, NONE, classes};

/// Bins in the order of residuals, and those of one residual in the order of numbers.
///
/// A residual falls into a bucket: small ones into one of their own, larger ones into one with
/// those that agree in their leading bits. Order-preserving, so the next bucket that is not empty
/// has the next residuals; a bitmap finds it. Where residuals crowd, which with best fit is close to
/// zero, buckets are narrow, and they are at any scale: one huge bin among small ones costs nothing.
/// In a bucket lies a tree of classes, one for each residual, mostly of one or two. In a class lies
/// a heap of numbers, which may be thousands.
///
/// Every call takes O(log n) at worst. The buckets are made anew, in O(n log n), when there are
/// four times as many bins, or when the largest residual has more bits: rarely enough not to count.
///
/// *Rejected:* buckets of equal width, of which the first gets nearly all bins of a large capacity;
/// one tree of all bins by (residual, number), which has no short cut to where they crowd.
#[derive(Clone, Debug, Default)]
pub(crate) struct Residuals {
    /// By number of bin.
    nodes: Vec<Node>,
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
    /// A new bin. Its residual will never be above its capacity.
    pub(crate) fn add(&mut self, number: usize, capacity: u64, residual: u64) {
        self.count += 1;
        if self.count > self.room || capacity > self.largest || self.roots.is_empty() {
            self.make_room(capacity);
        }
        if number >= self.nodes.len() {
            self.nodes.resize(number + 1, Node::ABSENT);
        }
        self.insert(number, residual);
    }

    /// A bin goes away.
    pub(crate) fn remove(&mut self, number: usize) {
        self.take_out(number);
        self.nodes[number] = Node::ABSENT;
        self.count -= 1;
    }

    /// A bin has another residual.
    #[inline]
    pub(crate) fn change(&mut self, number: usize, residual: u64) {
        self.take_out(number);
        self.insert(number, residual);
    }

    /// The residual of a bin.
    #[inline]
    pub(crate) fn at(&self, number: usize) -> u64 {
        self.nodes[number].residual
    }

    /// The first bin of at least a size, and the one after it if that is wanted.
    #[inline]
    pub(crate) fn first<const NEXT: bool>(&self, size: u64) -> Option<(Found, Option<Found>)> {
        let least = bucket(self.precision, size);
        let mut bucket = self.occupied.next(least)?;
        let mut first = NONE;
        if bucket == least {
            first = classes::at_least(&self.nodes, self.roots[bucket], size);
            if first == NONE {
                bucket = self.occupied.next(least + 1)?;
            }
        }
        if first == NONE {
            first = classes::smallest(&self.nodes, self.roots[bucket]);
        }
        let second = if NEXT { self.after(first, bucket) } else { None };
        Some((self.found(first), second))
    }

    /// The one after what is the first of its residual, and in this bucket.
    #[inline]
    fn after(&self, first: u32, bucket: usize) -> Option<Found> {
        let second = heap::second(&self.nodes, first);
        if second != NONE {
            return Some(self.found(second));
        }
        let root = self.roots[bucket];
        if root != first || self.nodes[first as usize].larger != NONE {
            let residual = self.nodes[first as usize].residual;
            let next = residual.checked_add(1)?;
            let next = classes::at_least(&self.nodes, root, next);
            if next != NONE {
                return Some(self.found(next));
            }
        }
        let bucket = self.occupied.next(bucket + 1)?;
        Some(self.found(classes::smallest(&self.nodes, self.roots[bucket])))
    }

    #[inline]
    fn found(&self, number: u32) -> Found {
        Found { number: number as usize, residual: self.nodes[number as usize].residual }
    }

    /// The first three in the order of residuals from the largest, and of numbers among equals.
    #[inline]
    pub(crate) fn largest<const N: usize>(&self) -> [Option<Found>; N] {
        let mut found = [None; N];
        let mut places = found.iter_mut();
        let mut class = match self.occupied.last() {
            Some(bucket) => classes::largest(&self.nodes, self.roots[bucket]),
            None => return found,
        };
        'classes: loop {
            let second = heap::second(&self.nodes, class);
            let third = match second {
                NONE => NONE,
                second => heap::third(&self.nodes, second),
            };
            for number in [class, second, third] {
                if number == NONE {
                    break;
                }
                let Some(place) = places.next() else { break 'classes };
                *place = Some(self.found(number));
            }
            if places.len() == 0 {
                break;
            }
            match self.below(self.nodes[class as usize].residual) {
                Some(next) => class = next,
                None => break,
            }
        }
        found
    }

    /// The first of the class below a residual.
    fn below(&self, residual: u64) -> Option<u32> {
        let bucket = bucket(self.precision, residual);
        let found = classes::below(&self.nodes, self.roots[bucket], residual);
        if found != NONE {
            return Some(found);
        }
        let bucket = self.occupied.previous(bucket)?;
        Some(classes::largest(&self.nodes, self.roots[bucket]))
    }

    #[inline]
    fn insert(&mut self, number: usize, residual: u64) {
        self.nodes[number] = Node::new(residual);
        let bucket = bucket(self.precision, residual);
        let root = &mut self.roots[bucket];
        if *root == NONE {
            *root = number as u32;
            self.occupied.set(bucket);
        } else {
            *root = classes::insert(&mut self.nodes, *root, number as u32);
        }
    }

    #[inline]
    fn take_out(&mut self, number: usize) {
        let node = &self.nodes[number];
        if !node.is_on_top() {
            heap::remove(&mut self.nodes, number as u32);
            return;
        }
        let bucket = bucket(self.precision, node.residual);
        let root = &mut self.roots[bucket];
        *root = if *root == number as u32 && node.is_alone() {
            NONE
        } else {
            classes::remove(&mut self.nodes, *root, number as u32)
        };
        if *root == NONE {
            self.occupied.clear(bucket);
        }
    }

    /// For as many bins as there are, and residuals up to this one.
    #[cold]
    fn make_room(&mut self, residual: u64) {
        while self.room < self.count.max(LEAST) {
            self.room = self.room.saturating_mul(4).max(LEAST);
        }
        self.largest = self.largest.max(residual);
        self.nodes.reserve(LEAST.saturating_sub(self.nodes.len()));
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
        for number in 0..self.nodes.len() {
            if !self.nodes[number].is_absent() {
                self.insert(number, self.nodes[number].residual);
            }
        }
    }
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
