use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// What bins can hold.
#[derive(Clone, Debug)]
pub(super) struct Capacities {
    /// Of bins that open.
    opening: Option<u64>,
    /// Of those that nothing else is known of: most cells are of one kind.
    common: u64,
    /// By number, up to the last that is not common.
    others: Vec<u64>,
    /// How many bins there are of each but that of those that open.
    counts: BTreeMap<u64, u32>,
    /// The largest of them and of those that open.
    largest: Option<u64>,
}

impl Capacities {
    pub(super) const fn new(opening: Option<u64>) -> Self {
        Self {
            opening,
            common: match opening {
                Some(capacity) => capacity,
                None => 0,
            },
            others: Vec::new(),
            counts: BTreeMap::new(),
            largest: opening,
        }
    }

    pub(super) const fn opening(&self) -> Option<u64> {
        self.opening
    }

    pub(super) const fn largest(&self) -> Option<u64> {
        self.largest
    }

    /// Of a bin that is there.
    #[inline]
    pub(super) fn of(&self, number: usize) -> u64 {
        self.others.get(number).copied().unwrap_or(self.common)
    }

    pub(super) fn join(&mut self, number: usize, capacity: u64) {
        if self.largest.is_none() {
            // There is no bin.
            self.common = capacity;
            self.others.clear();
        }
        if number < self.others.len() || capacity != self.common {
            self.others.resize(self.others.len().max(number + 1), self.common);
            self.others[number] = capacity;
        }
        if self.opening != Some(capacity) {
            *self.counts.entry(capacity).or_default() += 1;
            self.largest = self.largest.max(Some(capacity));
        }
    }

    /// A bin goes away.
    pub(super) fn leave(&mut self, number: usize) {
        let capacity = self.of(number);
        if let Some(count) = self.counts.get_mut(&capacity) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&capacity);
                let largest = self.counts.last_key_value().map(|(capacity, _)| *capacity);
                self.largest = self.opening.max(largest);
            }
        }
    }
}
