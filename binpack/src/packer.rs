use alloc::vec::Vec;
use core::{fmt, slice};

use crate::{BinId, Bins, Decision, Error, ItemId, Placement};

mod items;
#[cfg(feature = "serde")]
mod snapshot;

use items::Items;

/// What an item needs and a bin has: `u64`, or `[u64; D]` for vectors.
pub trait Size: Copy + Eq + fmt::Debug {
    /// In each dimension.
    fn amounts(&self) -> &[u64];

    /// From as many amounts as there are dimensions.
    fn from_amounts(amounts: &[u64]) -> Option<Self>;
}

impl Size for u64 {
    fn amounts(&self) -> &[u64] {
        slice::from_ref(self)
    }

    fn from_amounts(amounts: &[u64]) -> Option<Self> {
        if let [amount] = amounts { Some(*amount) } else { None }
    }
}

impl<const D: usize> Size for [u64; D] {
    fn amounts(&self) -> &[u64] {
        self
    }

    fn from_amounts(amounts: &[u64]) -> Option<Self> {
        amounts.try_into().ok()
    }
}

/// Bins that a [`Packer`] can put items in: [`Bins`](crate::Bins), [`VectorBins`](crate::VectorBins),
/// or somebody's wrapper of these, as handles and placements come from them only.
pub trait BinSet {
    /// What an item needs, and a bin has.
    type Size: Size;

    /// A bin joins.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyBins`] if all numbers are in use.
    fn add(&mut self, capacity: Self::Size) -> Result<BinId, Error>;

    /// A bin goes away; what was in it.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`] if it is not there.
    fn remove(&mut self, bin: BinId) -> Result<Self::Size, Error>;

    /// Decides where an item goes, and puts it there.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyBins`] if a bin would have to open and all numbers are in use.
    fn place(&mut self, size: Self::Size) -> Result<Decision<Self::Size>, Error>;

    /// Puts a size in this bin; what is left of the bin then.
    ///
    /// # Errors
    ///
    /// - [`Error::UnknownBin`] if the bin is not there.
    /// - [`Error::MoreThanLeft`] if it has no room for the size.
    fn occupy(&mut self, bin: BinId, size: Self::Size) -> Result<Self::Size, Error>;

    /// Takes a size out of a bin; what is left of the bin then.
    ///
    /// # Errors
    ///
    /// - [`Error::UnknownBin`] if the bin is not there.
    /// - [`Error::MoreThanHeld`] if there is less in it.
    fn release(&mut self, bin: BinId, size: Self::Size) -> Result<Self::Size, Error>;

    /// What a bin holds.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`] if it is not there.
    fn used(&self, bin: BinId) -> Result<Self::Size, Error>;
}

impl BinSet for Bins {
    type Size = u64;

    fn add(&mut self, capacity: u64) -> Result<BinId, Error> {
        self.add(capacity)
    }

    fn remove(&mut self, bin: BinId) -> Result<u64, Error> {
        self.remove(bin)
    }

    fn place(&mut self, size: u64) -> Result<Decision<u64>, Error> {
        self.place(size)
    }

    fn occupy(&mut self, bin: BinId, size: u64) -> Result<u64, Error> {
        self.occupy(bin, size)
    }

    fn release(&mut self, bin: BinId, size: u64) -> Result<u64, Error> {
        self.release(bin, size)
    }

    fn used(&self, bin: BinId) -> Result<u64, Error> {
        self.used(bin)
    }
}

/// [`Bins`] together with the items in them, each of which can be named, and leave.
///
/// ```
/// use apportion_binpack::{Bins, Fit, ItemDecision, Packer};
///
/// let mut packer = Packer::new(Bins::opening(Fit::First, 10));
/// let ItemDecision::Place { item, .. } = packer.place(7)? else { panic!("a bin opens") };
/// let ItemDecision::Place { item: second, placement } = packer.place(3)? else { panic!("it fits") };
/// assert_eq!(placement.residual, 0);
/// assert_eq!(packer.items_of(placement.bin)?.collect::<Vec<_>>(), [second, item]);
///
/// let left = packer.remove(item)?;
/// assert_eq!((left.bin, left.size, left.residual), (placement.bin, 7, 7));
/// assert!(packer.remove(item).is_err());
/// # Ok::<(), apportion_binpack::Error>(())
/// ```
///
/// *Complexity:* what the bins take, and O(1); [`remove_bin`](Self::remove_bin) also takes O(1) for
/// each item of the bin. Once there is room for as many items and bins as there are at one time,
/// nothing is allocated. Memory is O(most bins and items at one time).
#[derive(Clone, Debug)]
pub struct Packer<B: BinSet = Bins> {
    bins: B,
    items: Items<B::Size>,
}

/// What becomes of an item that gets a handle. `S` is the type of a size.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[must_use]
#[non_exhaustive]
pub enum ItemDecision<S> {
    /// It goes in a bin.
    Place {
        /// The item from now on, until it leaves.
        item: ItemId,
        /// Where it goes.
        placement: Placement<S>,
    },
    /// As [`Decision::Wait`].
    Wait,
    /// As [`Decision::Reject`].
    Reject,
}

impl<S> ItemDecision<S> {
    /// The item's handle, if it was placed.
    pub fn item(&self) -> Option<ItemId> {
        match self {
            Self::Place { item, .. } => Some(*item),
            Self::Wait | Self::Reject => None,
        }
    }

    /// The placement, if there is one.
    pub fn placement(self) -> Option<Placement<S>> {
        match self {
            Self::Place { placement, .. } => Some(placement),
            Self::Wait | Self::Reject => None,
        }
    }
}

/// An item that has left.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Departure<S> {
    /// The item; the handle is stale now.
    pub item: ItemId,
    /// Its size.
    pub size: S,
    /// The bin that it was in.
    pub bin: BinId,
    /// What is left of the bin now.
    pub residual: S,
}

impl<B: BinSet> Packer<B> {
    /// No items. What is in the bins already stays there, and belongs to no item: what shall be an
    /// item is told by [`occupy`](Self::occupy).
    #[must_use]
    pub const fn new(bins: B) -> Self {
        Self { bins, items: Items::new() }
    }

    /// The bins.
    #[must_use]
    pub const fn bins(&self) -> &B {
        &self.bins
    }

    /// A bin joins.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyBins`] if all numbers are in use.
    pub fn add_bin(&mut self, capacity: B::Size) -> Result<BinId, Error> {
        self.bins.add(capacity)
    }

    /// A bin goes away, and its items with it: each with its size, the last placed first.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`] if it is not there.
    pub fn remove_bin(&mut self, bin: BinId) -> Result<Vec<(ItemId, B::Size)>, Error> {
        self.bins.remove(bin)?;
        let left: Vec<_> =
            self.items.of(bin.number()).map(|(item, held)| (item, held.size)).collect();
        for (item, _) in &left {
            self.items.remove(item.number());
        }
        Ok(left)
    }

    /// Decides where an item of this size goes, and puts it there.
    ///
    /// # Errors
    ///
    /// - [`Error::TooManyItems`] if all numbers of items are in use.
    /// - [`Error::TooManyBins`] if a bin would have to open and all numbers are in use.
    #[inline]
    pub fn place(&mut self, size: B::Size) -> Result<ItemDecision<B::Size>, Error> {
        self.items.check_room()?;
        Ok(match self.bins.place(size)? {
            Decision::Place(placement) => {
                let item = self.items.add(placement.bin, size);
                ItemDecision::Place { item, placement }
            }
            Decision::Wait => ItemDecision::Wait,
            Decision::Reject => ItemDecision::Reject,
        })
    }

    /// An item is in this bin, which somebody else chose: its handle from now on. So a packer takes
    /// over what is loaded already. All that follows is as if [`place`](Self::place) had chosen that
    /// bin: the item is the last placed of its bin, and next fit goes on from there, as
    /// [`Bins::occupy`] says. Ties go by the numbers of bins, so these join in the order that they
    /// had.
    ///
    /// # Errors
    ///
    /// - [`Error::TooManyItems`] if all numbers of items are in use.
    /// - [`Error::UnknownBin`] if the bin is not there.
    /// - [`Error::MoreThanLeft`] if it has no room for the item.
    ///
    /// ```
    /// use apportion_binpack::{Bins, Fit, Packer};
    ///
    /// // Two machines, and the tasks that run on them: which one, and how much they need.
    /// let mut packer = Packer::new(Bins::new(Fit::Worst));
    /// let machines = [packer.add_bin(10)?, packer.add_bin(10)?];
    /// let tasks = [(0, 4), (1, 3), (0, 2)];
    /// let tasks = tasks.map(|(at, size)| packer.occupy(machines[at], size).expect("it runs there"));
    /// // From here on the packer decides.
    /// assert_eq!(packer.place(5)?.placement().unwrap().bin, machines[1]);
    /// assert_eq!(packer.remove(tasks[0])?.residual, 8);
    /// # Ok::<(), apportion_binpack::Error>(())
    /// ```
    #[inline]
    pub fn occupy(&mut self, bin: BinId, size: B::Size) -> Result<ItemId, Error> {
        self.items.check_room()?;
        self.bins.occupy(bin, size)?;
        Ok(self.items.add(bin, size))
    }

    /// An item leaves.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownItem`] if it is not there.
    #[inline]
    pub fn remove(&mut self, item: ItemId) -> Result<Departure<B::Size>, Error> {
        let held = self.items.find(item)?;
        let residual = self.bins.release(held.bin, held.size)?;
        self.items.remove(item.number());
        Ok(Departure { item, size: held.size, bin: held.bin, residual })
    }

    /// The bin that an item is in.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownItem`] if it is not there.
    pub fn bin_of(&self, item: ItemId) -> Result<BinId, Error> {
        Ok(self.items.find(item)?.bin)
    }

    /// The size of an item.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownItem`] if it is not there.
    pub fn size_of(&self, item: ItemId) -> Result<B::Size, Error> {
        Ok(self.items.find(item)?.size)
    }

    /// The items in a bin, the last placed first.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`] if it is not there.
    pub fn items_of(&self, bin: BinId) -> Result<impl Iterator<Item = ItemId> + '_, Error> {
        self.bins.used(bin)?;
        Ok(self.items.of(bin.number()).map(|(item, _)| item))
    }

    /// How many items there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no item.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.items.len() == 0
    }
}
