use super::cache::Cache;
use super::fit::{Scored, VectorFit, subtract};
use super::scan::{Candidate, Leaders, first_two, leaders};
use super::store::Store;
use crate::{BinId, BinSet, Decision, Error, Placement, RunnerUp};

/// Bins of several dimensions that items are placed in, one by one, and leave again.
///
/// Bins may have different capacities; they [join](Self::add) and [go away](Self::remove), or are
/// [opened](Self::opening) for an item that fits none. Numbers are given out from 0, those of bins
/// that went away first, the lowest first. There are 1 to 64 dimensions; another number does not
/// compile.
///
/// *Complexity*, for `n` bins: a decision is O(n · D), mostly of work that needs no branch. With a
/// [cache](Self::with_cache), for a size that comes again and `m` bins that have changed since, it
/// is O(m · D + log n) as long as the bins remembered for it last. Joining, going away, occupying and
/// leaving are O(D + log n); when a bin joins whose capacity needs more bits than any before, O(n · D).
///
/// ```
/// use apportion_binpack::{Scale, VectorBins, VectorFit};
///
/// // Millicores and MiB: a machine has 64 cores and 256 GiB.
/// let machine = [64_000, 262_144];
/// let mut bins = VectorBins::new(VectorFit::DotProduct(Scale::normalizing(&machine)));
/// let one = bins.add(machine)?;
/// let two = bins.add(machine)?;
/// bins.place([32_000, 16_384])?.placement().unwrap();
/// // What needs memory goes where memory is left, and cores are not.
/// let decision = bins.place([1_000, 131_072])?.placement().unwrap();
/// assert_eq!(decision.bin, two);
/// assert_eq!(decision.runner_up.unwrap().bin, one);
/// # Ok::<(), apportion_binpack::Error>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "super::snapshot::Parts<D>"))]
#[cfg_attr(feature = "serde", serde(into = "super::snapshot::Parts<D>"))]
pub struct VectorBins<const D: usize> {
    pub(super) fit: VectorFit<D>,
    pub(super) opening: Option<[u64; D]>,
    pub(super) store: Store<D>,
    /// The number where next fit begins.
    pub(super) last: usize,
    pub(super) cache: Cache<D>,
}

impl<const D: usize> VectorBins<D> {
    /// No bins yet, and none is opened: all of them [join](Self::add).
    #[must_use]
    pub const fn new(fit: VectorFit<D>) -> Self {
        const { assert!(D >= 1 && D <= 64, "there are 1 to 64 dimensions") };
        Self { fit, opening: None, store: Store::new(), last: 0, cache: Cache::new(0) }
    }

    /// No bins yet; one of this `capacity` is opened for each item that fits no other, if it fits
    /// that.
    ///
    /// # Errors
    ///
    /// [`Error::TooLargeToCompare`].
    pub fn opening(fit: VectorFit<D>, capacity: [u64; D]) -> Result<Self, Error> {
        fit.check(&capacity)?;
        Ok(Self { opening: Some(capacity), ..Self::new(fit) })
    }

    /// The same bins, with the best ones remembered for the last `sizes` different sizes that were
    /// asked for; zero, as at the start, for none. Decisions are the same; a size that comes again
    /// costs less. A size takes up to 64 KiB, or 256 where many bins change before it comes
    /// again.
    #[must_use]
    pub fn with_cache(self, sizes: usize) -> Self {
        Self { cache: Cache::new(sizes), ..self }
    }

    /// A bin joins. Its number is the lowest that is free.
    ///
    /// # Errors
    ///
    /// [`Error::TooLargeToCompare`], [`Error::TooManyBins`].
    pub fn add(&mut self, capacity: [u64; D]) -> Result<BinId, Error> {
        self.fit.check(&capacity)?;
        let bin = self.store.add(capacity)?;
        self.cache.changed(bin.number);
        if self.opening.is_some() {
            self.last = bin.number();
        }
        Ok(bin)
    }

    /// A bin goes away, with everything in it. Returns what that was.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`].
    pub fn remove(&mut self, bin: BinId) -> Result<[u64; D], Error> {
        let held = self.store.remove(bin)?;
        self.cache.changed(bin.number);
        Ok(held)
    }

    /// Decides where an item of this size goes, and puts it there.
    ///
    /// It waits if it fits a bin that is there, were that empty; it is rejected if it does not.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyBins`], if a bin would have to be opened.
    pub fn place(&mut self, size: [u64; D]) -> Result<Decision<Scored<D>>, Error> {
        let leaders = match self.fit {
            VectorFit::Next | VectorFit::First => self.scan(&size),
            _ if self.cache.limit() == 0 => self.scan(&size),
            _ => self.cache.leaders(&self.store, &self.fit, &size),
        };
        let decision = self.decide(&size, &leaders)?;
        if let Decision::Place(placement) = &decision {
            let bin = placement.bin;
            if let Some(capacity) = self.opening.filter(|_| placement.opened) {
                self.store.add(capacity)?;
            }
            self.fill(bin, placement.residual.amounts);
        }
        Ok(decision)
    }

    /// A size is in this bin now, and this much is left.
    fn fill(&mut self, bin: BinId, residual: [u64; D]) {
        self.store.set_residual(bin.number(), residual);
        self.cache.changed(bin.number);
        self.last = bin.number();
    }

    /// Decides where an item of this size would go, and changes nothing. This asks no cache.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyBins`], if a bin would have to be opened.
    pub fn choose(&self, size: [u64; D]) -> Result<Decision<Scored<D>>, Error> {
        self.decide(&size, &self.scan(&size))
    }

    /// Puts a size in a bin that somebody else chose, as when bins are taken over that hold something
    /// already; what is left of the bin then. All that follows is as if [`place`](Self::place) had
    /// chosen that bin: next fit goes on from it, so the bin that was used last is to be occupied
    /// last; if nothing is in it, by a size of zero. O(D).
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`]; [`Error::MoreThanLeft`], with the first dimension in which there is
    /// less left of the bin.
    ///
    /// ```
    /// use apportion_binpack::{VectorBins, VectorFit};
    ///
    /// let mut bins = VectorBins::new(VectorFit::First);
    /// let machines = [bins.add([64, 256])?, bins.add([64, 256])?];
    /// assert_eq!(bins.occupy(machines[0], [8, 192])?, [56, 64]); // it runs there since yesterday
    /// assert_eq!(bins.place([1, 128])?.placement().unwrap().bin, machines[1]);
    /// # Ok::<(), apportion_binpack::Error>(())
    /// ```
    pub fn occupy(&mut self, bin: BinId, size: [u64; D]) -> Result<[u64; D], Error> {
        let residual = self.residual(bin)?;
        let refusing = size.into_iter().zip(residual).find(|(size, residual)| size > residual);
        if let Some((size, residual)) = refusing {
            return Err(Error::MoreThanLeft { bin, size, residual });
        }
        let residual = subtract(&residual, &size);
        self.fill(bin, residual);
        Ok(residual)
    }

    /// Takes a size out of a bin, as when an item leaves that was placed in it; what is left of the
    /// bin then.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`]; [`Error::MoreThanHeld`], with the first dimension in which there is
    /// less in the bin.
    pub fn release(&mut self, bin: BinId, size: [u64; D]) -> Result<[u64; D], Error> {
        let used = self.used(bin)?;
        if let Some((size, used)) = size.into_iter().zip(used).find(|(size, used)| size > used) {
            return Err(Error::MoreThanHeld { bin, size, used });
        }
        let residual = self.store.residual(bin.number());
        let residual = core::array::from_fn(|dimension| residual[dimension] + size[dimension]);
        self.store.set_residual(bin.number(), residual);
        self.cache.changed(bin.number);
        Ok(residual)
    }

    /// The policy.
    #[must_use]
    pub const fn fit(&self) -> &VectorFit<D> {
        &self.fit
    }

    /// The capacity of bins that open by themselves, if they do.
    #[must_use]
    pub const fn opens(&self) -> Option<[u64; D]> {
        self.opening
    }

    /// How many sizes the cache remembers at most.
    #[must_use]
    pub const fn cache(&self) -> usize {
        self.cache.limit()
    }

    /// How many bins there are, empty ones included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.store.count()
    }

    /// Whether there is no bin.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.store.count() == 0
    }

    /// What is left of a bin.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`].
    pub fn residual(&self, bin: BinId) -> Result<[u64; D], Error> {
        self.capacity(bin).map(|_| *self.store.residual(bin.number()))
    }

    /// What a bin can hold.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`].
    pub fn capacity(&self, bin: BinId) -> Result<[u64; D], Error> {
        self.store.capacity(bin).ok_or(Error::UnknownBin { bin })
    }

    /// What a bin holds.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownBin`].
    pub fn used(&self, bin: BinId) -> Result<[u64; D], Error> {
        self.capacity(bin).map(|all| subtract(&all, self.store.residual(bin.number())))
    }

    /// Whether a bin is there.
    #[must_use]
    pub fn contains(&self, bin: BinId) -> bool {
        self.store.capacity(bin).is_some()
    }

    /// The bins, in the order of numbers.
    pub fn iter(&self) -> impl Iterator<Item = BinId> + '_ {
        let present = |number: &usize| self.store.slots()[*number].capacity.is_some();
        (0..self.store.slots().len()).filter(present).map(|number| self.store.id(number))
    }

    fn scan(&self, size: &[u64; D]) -> Leaders {
        match self.fit {
            VectorFit::Next if self.opening.is_some() => {
                let mut leaders = Leaders::new(1);
                if self.store.room(self.last, size).is_some() {
                    leaders.offer(Candidate::nth(0, self.last));
                }
                leaders
            }
            VectorFit::Next => first_two(&self.store, size, self.last),
            VectorFit::First => first_two(&self.store, size, 0),
            _ => leaders(&self.store, &self.fit, size),
        }
    }

    fn decide(&self, size: &[u64; D], leaders: &Leaders) -> Result<Decision<Scored<D>>, Error> {
        let [first, second, third] = *leaders.candidates();
        let (chosen, runner_up) = match self.fit {
            VectorFit::AlmostWorst(_) if second.is_some() => (second, third.or(first)),
            _ => (first, second),
        };
        if let Some(chosen) = chosen {
            let runner_up = runner_up.map(|candidate| RunnerUp {
                bin: self.store.id(candidate.number()),
                residual: self.scored(size, candidate),
            });
            return Ok(Decision::Place(Placement {
                bin: self.store.id(chosen.number()),
                opened: false,
                residual: self.scored(size, chosen),
                runner_up,
            }));
        }
        if let Some(capacity) = self.opening.filter(|capacity| super::fit::fits(size, capacity)) {
            let amounts = subtract(&capacity, size);
            let score = self.fit.score(size, &capacity);
            return Ok(Decision::Place(Placement {
                bin: self.store.next_id()?,
                opened: true,
                residual: Scored { amounts, score },
                runner_up: None,
            }));
        }
        Ok(if self.store.could_hold(size) { Decision::Wait } else { Decision::Reject })
    }

    fn scored(&self, size: &[u64; D], candidate: Candidate) -> Scored<D> {
        let residual = self.store.residual(candidate.number());
        let score = match self.fit {
            VectorFit::Next | VectorFit::First => 0,
            _ => candidate.score(self.fit.prefers_large()),
        };
        Scored { amounts: subtract(residual, size), score }
    }
}

impl<const D: usize> BinSet for VectorBins<D> {
    type Size = [u64; D];

    fn add(&mut self, capacity: [u64; D]) -> Result<BinId, Error> {
        self.add(capacity)
    }

    fn remove(&mut self, bin: BinId) -> Result<[u64; D], Error> {
        self.remove(bin)
    }

    fn place(&mut self, size: [u64; D]) -> Result<Decision<[u64; D]>, Error> {
        self.place(size).map(Decision::from)
    }

    fn occupy(&mut self, bin: BinId, size: [u64; D]) -> Result<[u64; D], Error> {
        self.occupy(bin, size)
    }

    fn release(&mut self, bin: BinId, size: [u64; D]) -> Result<[u64; D], Error> {
        self.release(bin, size)
    }

    fn used(&self, bin: BinId) -> Result<[u64; D], Error> {
        self.used(bin)
    }
}
