use alloc::vec;
use alloc::vec::Vec;

use super::heap::{self, Node};
use super::{Bitmap, NONE, classes};

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
/// twice as many bins, or when the largest residual has more bits: rarely enough not to count.
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
    /// A new bin, whose residual is the most that it will ever be.
    pub(crate) fn add(&mut self, number: usize, residual: u64) {
        if number >= self.nodes.len() {
            self.nodes.resize(number + 1, Node::ABSENT);
        }
        self.count += 1;
        if self.count > self.room || residual > self.largest || self.roots.is_empty() {
            self.make_room(residual);
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

    /// The first bin of at least a size.
    #[inline]
    pub(crate) fn first(&self, size: u64) -> Option<usize> {
        let bucket = bucket(self.precision, size);
        let root = *self.roots.get(bucket)?;
        let found = classes::at_least(&self.nodes, root, size);
        if found != NONE {
            return Some(found as usize);
        }
        let bucket = self.occupied.next(bucket + 1)?;
        Some(classes::smallest(&self.nodes, self.roots[bucket]) as usize)
    }

    /// The one after what is the first of its residual.
    #[inline]
    pub(crate) fn after(&self, first: usize) -> Option<usize> {
        let second = heap::second(&self.nodes, first as u32);
        if second != NONE {
            return Some(second as usize);
        }
        self.first(self.nodes[first].residual.checked_add(1)?)
    }

    /// The first three in the order of residuals from the largest, and of numbers among equals.
    #[inline]
    pub(crate) fn largest<const N: usize>(&self) -> [Option<usize>; N] {
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
                second => heap::third(&self.nodes, class, second),
            };
            for number in [class, second, third] {
                if number == NONE {
                    break;
                }
                let Some(place) = places.next() else { break 'classes };
                *place = Some(number as usize);
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
        *root = classes::remove(&mut self.nodes, *root, number as u32);
        if *root == NONE {
            self.occupied.clear(bucket);
        }
    }

    /// For as many bins as there are, and residuals up to this one.
    #[cold]
    fn make_room(&mut self, residual: u64) {
        self.room = self.room.max(self.count.next_power_of_two()).max(LEAST);
        self.largest = self.largest.max(residual);
        let precision = precision(self.largest, BUCKETS * self.room);
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
    let shift = (u64::BITS - residual.leading_zeros()).saturating_sub(precision + 1);
    ((shift as usize) << precision) + (residual >> shift) as usize
}

/// The highest with so many buckets, or that all residuals have a bucket of their own with.
fn precision(largest: u64, buckets: usize) -> u32 {
    let bits = (u64::BITS - largest.leading_zeros()).max(1);
    let fits = |precision: &u32| bucket(*precision, largest) < buckets;
    (0..bits).rev().find(fits).unwrap_or(0)
}

const LEAST: usize = 16;
const BUCKETS: usize = 4;
