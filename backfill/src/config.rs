use crate::{Correction, Error, MAX_PROCESSORS};

/// How many jobs at the front of the queue hold a reservation that backfilling must respect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum Depth {
    /// No backfilling: nobody passes the head of the queue (FCFS).
    NoBackfill,
    /// The first so many jobs that cannot start. 0 is greedy: whatever fits starts; 1 is EASY.
    Reservations(u64),
    /// Every job: all reservations are planned anew in each pass. Unlike
    /// [`Conservative`](crate::Conservative), a later plan may move a job behind its first
    /// reservation.
    Unbounded,
}

/// The knobs of [`Backfill`](crate::Backfill). Valid by construction, up to what the combination of
/// knobs forbids.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Config {
    pub(crate) processors: u64,
    pub(crate) depth: Depth,
    pub(crate) preemptive: bool,
    pub(crate) release_at_expected_end: bool,
    pub(crate) correction: Correction,
}

impl Config {
    /// EASY on a machine of `processors` identical processors: reservation depth 1, not preemptive,
    /// processors free when the caller says so, corrections straight to the request.
    ///
    /// # Errors
    ///
    /// [`Error::MachineSize`] for none or more than [`MAX_PROCESSORS`].
    pub const fn new(processors: u64) -> Result<Self, Error> {
        if processors == 0 || processors > MAX_PROCESSORS {
            return Err(Error::MachineSize { processors });
        }
        Ok(Self {
            processors,
            depth: Depth::Reservations(1),
            preemptive: false,
            release_at_expected_end: false,
            correction: Correction::Requested,
        })
    }

    /// Sets the reservation depth.
    #[must_use]
    pub const fn depth(mut self, depth: Depth) -> Self {
        self.depth = depth;
        self
    }

    /// Lets jobs that are too long for the hole start anyway, to be suspended when the head of the
    /// queue is due.
    #[must_use]
    pub const fn preemptive(mut self, preemptive: bool) -> Self {
        self.preemptive = preemptive;
        self
    }

    /// Counts the processors of a running job as free from its expected end on, before its
    /// [`finish`] is reported.
    ///
    /// Only for callers that report submissions before the terminations of the same instant and
    /// carry out starts last, as the classic simulators do ([`Ties::Event`](crate::Ties::Event)). A
    /// caller that starts jobs at once must leave it off.
    ///
    /// [`finish`]: crate::BatchPolicy::finish
    #[must_use]
    pub const fn release_at_expected_end(mut self, release: bool) -> Self {
        self.release_at_expected_end = release;
        self
    }

    /// Sets what becomes of a prediction that proves too short.
    #[must_use]
    pub const fn correction(mut self, correction: Correction) -> Self {
        self.correction = correction;
        self
    }

    /// The processors of the machine.
    #[must_use]
    pub const fn processors(&self) -> u64 {
        self.processors
    }

    /// Whether the knobs go together.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.processors == 0 || self.processors > MAX_PROCESSORS {
            return Err(Error::MachineSize { processors: self.processors });
        }
        if self.preemptive && self.depth != Depth::Reservations(1) {
            return Err(Error::PreemptionDepth { depth: self.depth });
        }
        Ok(())
    }
}
