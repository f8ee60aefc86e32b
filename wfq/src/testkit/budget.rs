/// What a hard limit leaves, seen from outside.
///
/// It is exact: whoever is served only while something is left receives, over every interval, at
/// most `quota` for each boundary in it, `quota + burst`, and the overrun of the last charge; and
/// whoever is served otherwise breaks that for the interval since the budget was last full.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    quota: i128,
    period: u64,
    most: i128,
    next_boundary: u64,
    left: i128,
}

impl Budget {
    pub(super) fn new(now: u64, quota: u64, period: u64, burst: u64) -> Self {
        Self {
            quota: quota.into(),
            period,
            most: i128::from(quota) + i128::from(burst),
            next_boundary: now.saturating_add(period),
            left: quota.into(),
        }
    }

    pub(super) fn open(&self) -> bool {
        self.left > 0
    }

    /// Whether so much is paid off in a reasonable time: else no clock could tell the release.
    pub(super) fn bears(&self, used: u64) -> bool {
        i128::from(used) / self.quota * i128::from(self.period) < 1 << 40
    }

    pub(super) fn debt(&self) -> u128 {
        self.left.min(0).unsigned_abs()
    }

    pub(super) fn spend(&mut self, used: u64) {
        self.left -= i128::from(used);
    }

    pub(super) fn pass(&mut self, now: u64) {
        if now < self.next_boundary {
            return;
        }
        let boundaries = 1 + (now - self.next_boundary) / self.period;
        self.left = self.most.min(self.left + i128::from(boundaries) * self.quota);
        self.next_boundary = self.next_boundary.saturating_add(boundaries * self.period);
    }

    /// The first boundary after which something is left; 0 if something is.
    pub(super) fn release(&self) -> u64 {
        if self.open() {
            return 0;
        }
        let more = u64::try_from(-self.left / self.quota).unwrap_or(u64::MAX);
        self.next_boundary.saturating_add(more.saturating_mul(self.period))
    }
}
