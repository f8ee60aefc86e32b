use crate::swf::{Record, UNKNOWN};

/// One rigid job, ready for a scheduler: all amounts known and positive.
///
/// Made by [`Cleaner`](crate::Cleaner) from a [`Record`] and by [`Generator`](crate::Generator)
/// from a model. Times are whole seconds in the time base of the trace or model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Job {
    /// The number of the job: field 1 of the record, or 1, 2, 3, … from a model.
    pub id: i64,
    /// Seconds from the start of the trace to the submission.
    pub submit: u64,
    /// Seconds that the job runs: at least 1, at most `estimate`.
    pub runtime: u64,
    /// Processors that the job holds while it runs: at least 1, at most those of the machine.
    pub processors: u64,
    /// Seconds that the user asked for: the job is killed when they have passed.
    pub estimate: u64,
    /// The user, or -1 where unknown; a scheduler treats -1 as one user like any other.
    pub user: i64,
    /// The queue, or -1 where unknown; from a model 0 = interactive or untyped, 1 = batch.
    pub queue: i64,
    /// The 1-based line of the text that the job came from; 0 from a model.
    pub line: u64,
}

impl Job {
    /// The job as a record: status 1 (completed), processors both requested and allocated, all
    /// that a job does not tell [`UNKNOWN`]. Amounts above `i64::MAX` become `i64::MAX`.
    ///
    /// Cleaning the record gives the job back, but for the line.
    #[must_use]
    pub fn record(&self) -> Record {
        let signed = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
        Record {
            job_number: self.id,
            submit_time: signed(self.submit),
            wait_time: UNKNOWN,
            run_time: signed(self.runtime),
            allocated_processors: signed(self.processors),
            average_cpu_time: UNKNOWN,
            used_memory: UNKNOWN,
            requested_processors: signed(self.processors),
            requested_time: signed(self.estimate),
            requested_memory: UNKNOWN,
            status: 1,
            user: self.user,
            group: UNKNOWN,
            executable: UNKNOWN,
            queue: self.queue,
            partition: UNKNOWN,
            preceding_job: UNKNOWN,
            think_time: UNKNOWN,
        }
    }
}
