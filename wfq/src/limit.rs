//! Hard limits: so much service in each period, and no more.

use core::num::NonZeroU64;

/// At most `quota` units of service in each period, and what was left over from earlier ones up to
/// `burst`.
///
/// Not work-conserving: what is not used is wasted beyond the burst, and never given to others
/// beyond their own limits. A charge that exceeds what is left is a debt for the periods to come.
/// Over any interval, service stays within quota times the ends of periods in it, plus quota, plus
/// burst, plus the last charge but one unit.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Limit {
    quota: NonZeroU64,
    period: NonZeroU64,
    burst: u64,
}

impl Limit {
    /// `quota` units of service in each `period`, which is in the caller's unit of time.
    #[must_use]
    pub fn new(quota: NonZeroU64, period: NonZeroU64) -> Self {
        Self { quota, period, burst: 0 }
    }

    /// Keeps up to `burst` units that were not used for later periods.
    #[must_use]
    pub fn with_burst(self, burst: u64) -> Self {
        Self { burst, ..self }
    }

    /// Service in each period.
    #[must_use]
    pub fn quota(self) -> NonZeroU64 {
        self.quota
    }

    /// The length of a period.
    #[must_use]
    pub fn period(self) -> NonZeroU64 {
        self.period
    }

    /// Service that may be saved for later.
    #[must_use]
    pub fn burst(self) -> u64 {
        self.burst
    }
}

/// What is left of a limit.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(crate) struct Budget {
    limit: Limit,
    /// Below zero it is a debt.
    left: i128,
    /// What those in service may still use, counted in advance when there are several.
    #[cfg_attr(feature = "serde", serde(skip))]
    held: u64,
    /// When the present period began.
    since: u64,
}

impl Budget {
    pub(crate) fn new(limit: Limit, now: u64, held: u64) -> Self {
        Self { limit, left: limit.quota.get().into(), held, since: now }
    }

    pub(crate) fn limit(&self) -> Limit {
        self.limit
    }

    /// Adds the quota of the periods that have begun.
    pub(crate) fn refresh(&mut self, now: u64) {
        let period = self.limit.period.get();
        let periods = (now - self.since) / period;
        if periods > 0 {
            let quota = i128::from(self.limit.quota.get());
            let most = quota + i128::from(self.limit.burst);
            // At the extremes of both, twice 64 bits.
            let grown = quota.saturating_mul(periods.into()).saturating_add(self.left);
            self.left = grown.min(most);
            self.since += periods * period;
        }
    }

    #[inline]
    pub(crate) fn spend(&mut self, used: u64) {
        self.left = self.left.saturating_sub(used.into());
    }

    pub(crate) fn hold(&mut self, quantum: u64) {
        self.held = self.held.saturating_add(quantum);
    }

    pub(crate) fn give_back(&mut self, quantum: u64) {
        self.held = self.held.saturating_sub(quantum);
    }

    /// Whether nothing is left.
    #[inline]
    pub(crate) fn is_spent(&self) -> bool {
        self.left <= 0
    }

    /// Whether those in service may use up what is left.
    pub(crate) fn is_promised(&self) -> bool {
        self.left <= i128::from(self.held)
    }

    /// One that nobody has.
    #[cfg(feature = "serde")]
    pub(crate) fn vacant() -> Self {
        Self::new(Limit::new(NonZeroU64::MIN, NonZeroU64::MIN), 0, 0)
    }

    /// Whether it can have come to be so at a time.
    #[cfg(feature = "serde")]
    pub(crate) fn is_possible(&self, now: u64) -> bool {
        let most = i128::from(self.limit.quota.get()) + i128::from(self.limit.burst);
        self.since <= now && self.left <= most
    }

    /// When the next period begins; [`NEVER`] at the end of time, or later.
    pub(crate) fn end_of_period(&self) -> u64 {
        self.since.saturating_add(self.limit.period.get())
    }

    /// When there will be something left again; [`NEVER`] at the end of time, or later.
    pub(crate) fn release(&self) -> u64 {
        let debt = self.left.min(0).unsigned_abs();
        let periods = debt / u128::from(self.limit.quota.get()) + 1;
        let wait = periods.saturating_mul(self.limit.period.get().into());
        u64::try_from(wait).unwrap_or(NEVER).saturating_add(self.since)
    }
}

/// Whoever is throttled until then stays so.
pub(crate) const NEVER: u64 = u64::MAX;
