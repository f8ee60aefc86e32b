use alloc::vec::Vec;

/// The processors that are free over time: a machine less the uses made of it.
#[derive(Clone, Debug)]
pub(super) struct Free {
    processors: u64,
    uses: Vec<Use>,
}

/// `processors` are in use from `from` until before `until`.
#[derive(Clone, Copy, Debug)]
struct Use {
    from: u64,
    until: u64,
    processors: u64,
}

impl Free {
    pub(super) const fn new(processors: u64) -> Self {
        Self { processors, uses: Vec::new() }
    }

    /// Uses processors for `length` ticks, or to the end of time.
    pub(super) fn take(&mut self, processors: u64, from: u64, length: u64) {
        self.uses.push(Use { from, until: from.saturating_add(length), processors });
    }

    pub(super) fn at(&self, time: u64) -> u64 {
        let uses = self.uses.iter().filter(|each| each.from <= time && time < each.until);
        self.processors.saturating_sub(uses.map(|each| each.processors).sum())
    }

    /// Whether `processors` are free for `length` ticks from `start` on: at `start` and whenever a
    /// use begins before the end.
    pub(super) fn fits(&self, processors: u64, length: u64, start: u64) -> bool {
        let end = start.saturating_add(length);
        let begins = self.uses.iter().map(|each| each.from);
        let mut moments = begins.filter(|&from| start < from && from < end);
        self.at(start) >= processors && moments.all(|moment| self.at(moment) >= processors)
    }

    /// The earliest start, not before `now`, of a hole of `length` ticks; none if it would start at
    /// the end of time. A hole can only start now or when a use ends.
    pub(super) fn earliest_hole(&self, processors: u64, length: u64, now: u64) -> Option<u64> {
        let ends = self.uses.iter().map(|each| each.until);
        let mut starts: Vec<u64> =
            ends.filter(|&end| now < end && end < u64::MAX).chain([now]).collect();
        starts.sort_unstable();
        starts.into_iter().find(|&start| self.fits(processors, length, start))
    }
}
