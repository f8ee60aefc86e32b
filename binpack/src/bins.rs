use alloc::vec::Vec;

use crate::id::RETIRED;
use crate::index::{Bitmap, Found, MOST, MaxTree, NONE, Residuals, Slot};
use crate::{BinId, Decision, Error, Fit, Placement, RunnerUp};

mod capacities;
mod search;
#[cfg(feature = "serde")]
mod snapshot;

use capacities::Capacities;
use search::Choice;

/// Bins, and the policy that says which of them an item goes in.
///
/// The bins know what is left of them, not what is in them: whoever places a size releases it
/// again. [`Packer`](crate::Packer) holds the items too.
///
/// ```
/// use apportion_binpack::{Bins, Decision, Fit};
///
/// // Three machines, and a task that needs 3.
/// let mut machines = Bins::new(Fit::Best);
/// let [_, _, third] = [5, 8, 3].map(|capacity| machines.add(capacity).expect("few"));
/// let Decision::Place(placement) = machines.place(3)? else { panic!("it fits all of them") };
/// assert_eq!((placement.bin, placement.residual), (third, 0));
/// # Ok::<(), apportion_binpack::Error>(())
/// ```
///
/// *Rules:* those of [`Fit`], with these words on [next fit](Fit::Next). Where bins
/// [open](Self::opening), it looks at one bin only: the last that was placed in, opened or added,
/// and at none if that has gone away. Where they do not open, it goes on from there in the order of
/// numbers, from the last to the first, to the next bin that has room, as allocators of memory do
/// (Knuth, *The Art of Computer Programming* 1, 2.5, exercise 6).
///
/// *Complexity:* each call takes O(log n) for n bins, whatever their capacities and residuals; in
/// [`add`](Self::add), amortised. A placement allocates nothing unless it opens a bin. Memory is
/// O(most bins at one time).
#[derive(Clone, Debug)]
pub struct Bins {
    fit: Fit,
    capacities: Capacities,
    slots: Vec<Slot>,
    /// Numbers of bins that went away.
    vacant: Bitmap,
    count: usize,
    index: Index,
    /// Where next fit begins.
    last: usize,
}

/// How bins are found.
#[derive(Clone, Debug)]
#[repr(u8)] // A tag of its own is read faster than one that has to be made out.
enum Index {
    /// Next fit, opening: there is nothing to look for.
    Last,
    /// Next and first fit; and the numbers of bins that are there.
    Numbers(MaxTree, Bitmap),
    /// Best, worst and almost-worst fit.
    Residuals(Residuals),
}

impl Bins {
    /// No bins, and none opens by itself: each has to [join](Self::add).
    #[must_use]
    pub fn new(fit: Fit) -> Self {
        Self::from_parts(fit, None)
    }

    /// No bins; one of this `capacity` opens whenever no other has room.
    #[must_use]
    pub fn opening(fit: Fit, capacity: u64) -> Self {
        Self::from_parts(fit, Some(capacity))
    }

    fn from_parts(fit: Fit, opening: Option<u64>) -> Self {
        Self {
            fit,
            capacities: Capacities::new(opening),
            slots: Vec::new(),
            vacant: Bitmap::default(),
            count: 0,
            index: match fit {
                Fit::Next if opening.is_some() => Index::Last,
                Fit::Next | Fit::First => Index::Numbers(MaxTree::default(), Bitmap::default()),
                Fit::Best | Fit::Worst | Fit::AlmostWorst => Index::Residuals(Residuals::default()),
            },
            last: 0,
        }
    }

    /// The policy.
    #[must_use]
    pub const fn fit(&self) -> Fit {
        self.fit
    }

    /// The capacity of bins that open by themselves, if they do.
    #[must_use]
    pub const fn opens(&self) -> Option<u64> {
        self.capacities.opening()
    }

    /// A bin joins. Its number is the lowest that is free.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyBins`] if all numbers are in use.
    pub fn add(&mut self, capacity: u64) -> Result<BinId, Error> {
        let bin = self.next_id()?;
        self.join(bin, capacity, capacity);
        Ok(bin)
    }

    /// A bin gets a number that is free.
    fn join(&mut self, bin: BinId, capacity: u64, residual: u64) {
        let number = bin.number();
        let slot = Slot { residual, generation: bin.generation, home: 0 };
        if let Some(place) = self.slots.get_mut(number) {
            *place = slot;
            self.vacant.clear(number);
        } else {
            if self.slots.is_empty() {
                self.slots.reserve(FEW);
            }
            self.slots.push(slot);
        }
        self.count += 1;
        self.capacities.join(number, capacity);
        match &mut self.index {
            Index::Last => self.last = number,
            Index::Numbers(tree, present) => {
                tree.set(number, residual);
                present.grow(number + 1);
                present.set(number);
            }
            Index::Residuals(residuals) => residuals.add(&mut self.slots, number, capacity),
        }
    }

    /// The handle of the bin that joins or opens next.
    fn next_id(&self) -> Result<BinId, Error> {
        let number = if self.count == self.slots.len() { None } else { self.vacant.next(0) };
        let number = number.unwrap_or(self.slots.len());
        let generation = self.slots.get(number).map_or(0, |slot| slot.generation);
        match u32::try_from(number) {
            Ok(number) if number < MOST => Ok(BinId { number, generation }),
            _ => Err(Error::TooManyBins),
        }
    }

    /// A bin goes away, with all that is in it: this much.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`] if it is not there.
    pub fn remove(&mut self, bin: BinId) -> Result<u64, Error> {
        let used = self.used(bin)?;
        let number = bin.number();
        self.count -= 1;
        match &mut self.index {
            Index::Last => {}
            Index::Numbers(tree, present) => {
                tree.set(number, 0);
                present.clear(number);
            }
            Index::Residuals(residuals) => residuals.remove(&mut self.slots, number),
        }
        let slot = &mut self.slots[number];
        slot.home = NONE;
        slot.generation = slot.generation.saturating_add(1);
        if slot.generation != RETIRED {
            self.vacant.grow(self.slots.len());
            self.vacant.set(number);
        }
        self.capacities.leave(number);
        Ok(used)
    }

    /// Decides where an item of this size goes, and puts it there.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyBins`] if a bin would have to open and all numbers are in use.
    #[inline]
    pub fn place(&mut self, size: u64) -> Result<Decision<u64>, Error> {
        let Some(choice) = self.search::<true>(size) else { return self.place_new(size) };
        let placement = self.explain(choice, size);
        self.fill(choice.0, placement.residual);
        Ok(Decision::Place(placement))
    }

    /// What [`place`](Self::place) would decide. Nothing changes.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyBins`] if a bin would have to open and all numbers are in use.
    #[inline]
    pub fn choose(&self, size: u64) -> Result<Decision<u64>, Error> {
        match self.search::<true>(size) {
            Some(choice) => Ok(Decision::Place(self.explain(choice, size))),
            None => self.choose_new(size),
        }
    }

    #[inline]
    fn explain(&self, (found, runner_up): Choice, size: u64) -> Placement<u64> {
        Placement {
            bin: self.id(found.number),
            opened: false,
            residual: found.residual - size,
            runner_up: runner_up.map(|found| RunnerUp {
                bin: self.id(found.number),
                residual: found.residual - size,
            }),
        }
    }

    /// As [`place`](Self::place), for those who need no reasons, and about twice as fast. The bin;
    /// `None` if the item has to wait or is rejected.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyBins`] if a bin would have to open and all numbers are in use.
    #[inline]
    pub fn put(&mut self, size: u64) -> Result<Option<BinId>, Error> {
        if let Some((found, _)) = self.search::<false>(size) {
            self.fill(found, found.residual - size);
            return Ok(Some(self.id(found.number)));
        }
        Ok(self.place_new(size)?.placement().map(|placement| placement.bin))
    }

    /// Puts a size in a bin that somebody else chose, as when bins are taken over that hold something
    /// already; what is left of the bin then. All that follows is as if [`place`](Self::place) had
    /// chosen that bin: next fit goes on from it, so the bin that was used last is to be occupied
    /// last; if nothing is in it, by a size of zero. O(log n).
    ///
    /// # Errors
    ///
    /// - [`Error::UnknownBin`] if the bin is not there.
    /// - [`Error::MoreThanLeft`] if it has no room for the size.
    ///
    /// ```
    /// use apportion_binpack::{Bins, Fit};
    ///
    /// let mut machines = Bins::new(Fit::Best);
    /// let [_, second] = [10, 10].map(|capacity| machines.add(capacity).expect("few"));
    /// assert_eq!(machines.occupy(second, 6)?, 4); // it runs there since yesterday
    /// assert_eq!(machines.put(4)?, Some(second));
    /// # Ok::<(), apportion_binpack::Error>(())
    /// ```
    pub fn occupy(&mut self, bin: BinId, size: u64) -> Result<u64, Error> {
        let Slot { residual, home, .. } = *self.slot(bin)?;
        let left = residual.checked_sub(size).ok_or(Error::MoreThanLeft { bin, size, residual })?;
        self.fill(Found { number: bin.number(), residual, home }, left);
        Ok(left)
    }

    /// Takes a size out of a bin, as when an item leaves that was placed in it; what is left of the
    /// bin then.
    ///
    /// # Errors
    ///
    /// - [`Error::UnknownBin`] if the bin is not there.
    /// - [`Error::MoreThanHeld`] if there is less in it.
    #[inline]
    pub fn release(&mut self, bin: BinId, size: u64) -> Result<u64, Error> {
        let (number, residual) = (bin.number(), self.slot(bin)?.residual);
        let used = self.capacities.of(number) - residual;
        if size > used {
            return Err(Error::MoreThanHeld { bin, size, used });
        }
        let residual = residual + size;
        match &mut self.index {
            Index::Last => self.slots[number].residual = residual,
            Index::Numbers(tree, _) => {
                tree.raise(number, residual);
                self.slots[number].residual = residual;
            }
            Index::Residuals(residuals) => {
                residuals.change(&mut self.slots, number, residual);
            }
        }
        Ok(residual)
    }

    /// What is left of a bin.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`] if it is not there.
    pub fn residual(&self, bin: BinId) -> Result<u64, Error> {
        Ok(self.slot(bin)?.residual)
    }

    /// What a bin can hold.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`] if it is not there.
    pub fn capacity(&self, bin: BinId) -> Result<u64, Error> {
        self.slot(bin)?;
        Ok(self.capacities.of(bin.number()))
    }

    /// What a bin holds.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`] if it is not there.
    pub fn used(&self, bin: BinId) -> Result<u64, Error> {
        let residual = self.slot(bin)?.residual;
        Ok(self.capacities.of(bin.number()) - residual)
    }

    /// Whether a bin is there.
    #[must_use]
    pub fn contains(&self, bin: BinId) -> bool {
        self.slot(bin).is_ok()
    }

    /// How many bins there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no bin.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The bins, in the order of numbers.
    pub fn iter(&self) -> impl Iterator<Item = BinId> + '_ {
        let present = |(number, slot): (usize, &Slot)| slot.is_present().then(|| self.id(number));
        self.slots.iter().enumerate().filter_map(present)
    }

    fn choose_new(&self, size: u64) -> Result<Decision<u64>, Error> {
        if let Some(capacity) = self.opens().filter(|capacity| size <= *capacity) {
            let bin = self.next_id()?;
            let residual = capacity - size;
            return Ok(Decision::Place(Placement { bin, opened: true, residual, runner_up: None }));
        }
        let would_fit = self.capacities.largest().is_some_and(|largest| size <= largest);
        Ok(if would_fit { Decision::Wait } else { Decision::Reject })
    }

    fn place_new(&mut self, size: u64) -> Result<Decision<u64>, Error> {
        let decision = self.choose_new(size)?;
        if let Some(capacity) = self.opens()
            && let Decision::Place(placement) = decision
        {
            self.join(placement.bin, capacity, placement.residual);
            self.last = placement.bin.number();
        }
        Ok(decision)
    }

    #[expect(clippy::inline_always, reason = "a call costs a sixth of the change")]
    #[inline(always)]
    fn fill(&mut self, found: Found, residual: u64) {
        let Found { number, home, .. } = found;
        self.last = number;
        match &mut self.index {
            Index::Last => self.slots[number].residual = residual,
            Index::Numbers(tree, _) => {
                tree.set(number, residual);
                self.slots[number].residual = residual;
            }
            Index::Residuals(residuals) => {
                residuals.change_at(&mut self.slots, home, number, residual);
            }
        }
    }

    /// One more number, that no bin has, with the generation of the next that gets it.
    #[cfg(feature = "serde")]
    fn leave_vacant(&mut self, bin: BinId) {
        let generation = bin.generation;
        self.slots.push(Slot { residual: 0, generation, home: NONE });
        self.vacant.grow(self.slots.len());
        if generation != RETIRED {
            self.vacant.set(bin.number());
        }
    }

    #[inline]
    fn id(&self, number: usize) -> BinId {
        BinId { number: number as u32, generation: self.slots[number].generation }
    }

    #[inline]
    fn slot(&self, bin: BinId) -> Result<&Slot, Error> {
        let slot = self.slots.get(bin.number());
        slot.filter(|slot| slot.is_present() && slot.generation == bin.generation)
            .ok_or(Error::UnknownBin { bin })
    }
}

/// Room for so many bins is made for the first: a kilobyte, instead of a little again and again.
const FEW: usize = 64;
