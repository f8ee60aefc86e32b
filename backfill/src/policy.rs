use crate::{Decision, Error, JobId, Plan, Submission};

/// A batch scheduling policy: it is told what happens and answers which jobs start.
///
/// *The law of use:* times never decrease; after the events of an instant (or after each event)
/// call [`pass`](BatchPolicy::pass) and carry out its decisions in their order; then sleep until
/// the next event or until [`next_wakeup`](BatchPolicy::next_wakeup), at which
/// [`expire`](BatchPolicy::expire) is due for every job that still runs.
///
/// On an error the state is as it was before the call.
pub trait BatchPolicy {
    /// The processors of the machine.
    fn processors(&self) -> u64;

    /// A job arrives. It is queued; the next pass may start it.
    ///
    /// # Errors
    ///
    /// [`Error::TimeWentBack`], [`Error::TimeOutOfRange`], [`Error::NoProcessors`],
    /// [`Error::TooLarge`], [`Error::EstimateOutOfRange`], [`Error::TooManyJobs`],
    /// [`Error::BeyondHorizon`].
    fn submit(&mut self, now: u64, job: Submission) -> Result<JobId, Error>;

    /// A running job has ended, by itself or killed; or a suspended one, which ended while it was
    /// being suspended. Its number becomes stale.
    ///
    /// # Errors
    ///
    /// [`Error::TimeWentBack`], [`Error::TimeOutOfRange`], [`Error::UnknownJob`],
    /// [`Error::NotRunning`].
    fn finish(&mut self, now: u64, job: JobId) -> Result<(), Error>;

    /// A queued job is withdrawn (a suspended one, too). Its number becomes stale.
    ///
    /// # Errors
    ///
    /// [`Error::TimeWentBack`], [`Error::TimeOutOfRange`], [`Error::UnknownJob`],
    /// [`Error::NotQueued`].
    fn cancel(&mut self, now: u64, job: JobId) -> Result<(), Error>;

    /// A job still runs although its expected end has come. Returns the new expected end, which is
    /// the old one if the job has used up its estimate: it should have been killed, and is expected
    /// to end at any moment.
    ///
    /// # Errors
    ///
    /// [`Error::TimeWentBack`], [`Error::TimeOutOfRange`], [`Error::UnknownJob`],
    /// [`Error::NotRunning`], [`Error::NotExpired`], [`Error::AlreadyReleased`].
    fn expire(&mut self, now: u64, job: JobId) -> Result<u64, Error>;

    /// Decides which jobs start now, and which are suspended for them.
    ///
    /// # Errors
    ///
    /// [`Error::TimeWentBack`], [`Error::TimeOutOfRange`].
    fn pass(&mut self, now: u64) -> Result<&[Decision], Error>;

    /// The earliest expected end of a running job that is still to come: later than any time the
    /// policy has been told. Waking then is never wrong; waking later leaves predictions
    /// uncorrected. A job whose expected end has come is due for [`expire`](BatchPolicy::expire)
    /// already, or has used its estimate up, and is not waited for.
    fn next_wakeup(&self) -> Option<u64>;

    /// When a queued job is planned to start as things stand, and what blocks it.
    ///
    /// # Errors
    ///
    /// [`Error::TimeWentBack`], [`Error::TimeOutOfRange`], [`Error::UnknownJob`],
    /// [`Error::NotQueued`].
    fn plan(&self, now: u64, job: JobId) -> Result<Plan, Error>;

    /// The number of jobs that wait.
    fn queued(&self) -> usize;

    /// Whether processors count as free from a job's expected end on, before its end is reported:
    /// what some conventions of a [`Replay`](crate::Replay) need, see
    /// [`Config::release_at_expected_end`](crate::Config::release_at_expected_end). `None`, unless
    /// the policy says something else: it does not say.
    fn releases_at_expected_end(&self) -> Option<bool> {
        None
    }
}
