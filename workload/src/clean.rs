//! From records to jobs, by rules that are few and counted.

mod error;
mod rules;

use alloc::vec::Vec;
use core::num::NonZeroU64;

use crate::job::Job;
use crate::swf::Record;

pub use error::CleanError;
pub use rules::{CleaningReport, CleaningRules, DropReason};

/// Makes jobs of records, by rules that are few and counted.
///
/// In this order, for a record that is not partial:
///
/// 1. dropped if the run time, then the processors, then the submit time make no job;
/// 2. processors = the requested ones if positive, else the allocated ones, capped at the machine;
/// 3. estimate = the requested time if positive, else the run time;
/// 4. runtime = the run time, clamped to the estimate (killed at its estimate);
/// 5. at the end, a stable sort by submit time: ties stay in the order of the records.
///
/// ```
/// use apportion_workload::{Cleaner, CleaningRules, Record};
/// use core::num::NonZeroU64;
///
/// let mut cleaner = Cleaner::new(NonZeroU64::new(64).unwrap(), CleaningRules::default());
/// let late = Record::parse(b"1 50 -1 30 100 -1 -1 -1 20 -1 1 5 -1 -1 -1 -1 -1 -1").unwrap();
/// let soon = Record::parse(b"2 10 -1 30 4 -1 -1 -1 -1 -1 1 5 -1 -1 -1 -1 -1 -1").unwrap();
/// cleaner.push(1, &late).unwrap();
/// cleaner.push(2, &soon).unwrap();
///
/// let (jobs, report) = cleaner.finish().unwrap();
/// assert_eq!((jobs[0].id, jobs[0].estimate), (2, 30));
/// assert_eq!((jobs[1].processors, jobs[1].runtime), (64, 20));
/// assert_eq!((report.processors_capped, report.runtimes_clamped, report.out_of_order), (1, 1, 1));
/// ```
#[derive(Clone, Debug)]
pub struct Cleaner {
    machine: NonZeroU64,
    rules: CleaningRules,
    report: CleaningReport,
    jobs: Vec<Job>,
    /// Job number and line of each dropped record, for the search for duplicates.
    dropped: Vec<(i64, u64)>,
}

impl Cleaner {
    /// A cleaner for a machine of so many processors.
    #[must_use]
    pub fn new(max_processors: NonZeroU64, rules: CleaningRules) -> Self {
        Self {
            machine: max_processors,
            rules,
            report: CleaningReport::default(),
            jobs: Vec::new(),
            dropped: Vec::new(),
        }
    }

    /// Takes the record of a line. After an error the state is as before the call.
    ///
    /// # Errors
    ///
    /// Where a rule that is off, or `strict`, forbids what the record needs:
    /// [`CleanError::Partial`], [`CleanError::Dropped`], [`CleanError::TooManyProcessors`],
    /// [`CleanError::RuntimeAboveEstimate`], checked in this order.
    ///
    /// *Complexity*: O(1) amortised.
    pub fn push(&mut self, line: u64, record: &Record) -> Result<(), CleanError> {
        let job = record.job_number;
        if (2..=4).contains(&record.status) {
            if !self.rules.skip_partial {
                return Err(CleanError::Partial { line, job, status: record.status });
            }
            self.report.records += 1;
            self.report.partial += 1;
            return Ok(());
        }
        let requested = positive(record.requested_processors);
        let processors = requested.or_else(|| positive(record.allocated_processors));
        let submit = u64::try_from(record.submit_time);
        let reason = match (positive(record.run_time), processors, submit) {
            (Some(runtime), Some(processors), Ok(submit)) => {
                let raw = Raw { line, submit, runtime, processors };
                return self.keep(record, raw, requested.is_none());
            }
            (None, ..) => DropReason::Runtime,
            (_, None, _) => DropReason::Processors,
            (.., Err(_)) => DropReason::Submit,
        };
        if self.rules.strict {
            return Err(CleanError::Dropped { line, job, reason });
        }
        self.report.records += 1;
        *match reason {
            DropReason::Runtime => &mut self.report.dropped_runtime,
            DropReason::Processors => &mut self.report.dropped_processors,
            DropReason::Submit => &mut self.report.dropped_submit,
        } += 1;
        self.dropped.push((job, line));
        Ok(())
    }

    /// What was done so far.
    #[must_use]
    pub fn report(&self) -> &CleaningReport {
        &self.report
    }

    /// The jobs by submit time, ties in the order of the records, and what was done.
    ///
    /// # Errors
    ///
    /// [`CleanError::DuplicateJob`] for the first line that repeats a job number, then
    /// [`CleanError::NoJobs`].
    ///
    /// *Complexity*: O(n log n) time, O(n) space for n records.
    pub fn finish(self) -> Result<(Vec<Job>, CleaningReport), CleanError> {
        let Self { report, mut jobs, dropped: mut numbers, .. } = self;
        numbers.extend(jobs.iter().map(|job| (job.id, job.line)));
        numbers.sort_unstable();
        let duplicates = numbers.windows(2).filter(|pair| pair[0].0 == pair[1].0);
        if let Some(pair) = duplicates.min_by_key(|pair| pair[1].1) {
            let [(job, first), (_, second)] = [pair[0], pair[1]];
            return Err(CleanError::DuplicateJob { job, first, second });
        }
        if jobs.is_empty() {
            return Err(CleanError::none_of(&report));
        }
        jobs.sort_by_key(|job| job.submit);
        Ok((jobs, report))
    }

    fn keep(&mut self, record: &Record, raw: Raw, allocated: bool) -> Result<(), CleanError> {
        let Raw { line, submit, runtime, processors } = raw;
        let job = record.job_number;
        let machine = self.machine;
        let capped = processors > machine.get();
        if capped && !self.rules.cap_processors {
            return Err(CleanError::TooManyProcessors { line, job, processors, machine });
        }
        let requested = positive(record.requested_time);
        let estimate = requested.unwrap_or(runtime);
        let clamped = runtime > estimate;
        if clamped && !self.rules.clamp_runtime {
            return Err(CleanError::RuntimeAboveEstimate { line, job, runtime, estimate });
        }
        let late = self.jobs.last().is_some_and(|last| submit < last.submit);
        self.report.records += 1;
        self.report.jobs += 1;
        self.report.processors_from_allocated += u64::from(allocated);
        self.report.processors_capped += u64::from(capped);
        self.report.estimates_from_runtime += u64::from(requested.is_none());
        self.report.runtimes_clamped += u64::from(clamped);
        self.report.out_of_order += u64::from(late);
        self.jobs.push(Job {
            id: job,
            submit,
            runtime: runtime.min(estimate),
            processors: processors.min(machine.get()),
            estimate,
            user: record.user,
            queue: record.queue,
            line,
        });
        Ok(())
    }
}

/// What a record must tell to be a job.
#[derive(Clone, Copy)]
struct Raw {
    line: u64,
    submit: u64,
    runtime: u64,
    processors: u64,
}

fn positive(field: i64) -> Option<u64> {
    u64::try_from(field).ok().filter(|&amount| amount > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const MACHINE: NonZeroU64 = NonZeroU64::new(10).unwrap();

    fn record(job_number: i64) -> Record {
        let line = b"0 5 -1 7 3 -1 -1 3 9 -1 1 1 -1 -1 1 -1 -1 -1";
        Record { job_number, ..Record::parse(line).unwrap() }
    }

    fn refusal(rules: CleaningRules, record: Record) -> CleanError {
        let mut cleaner = Cleaner::new(MACHINE, rules);
        let error = cleaner.push(4, &record).unwrap_err();
        assert_eq!(*cleaner.report(), CleaningReport::default(), "an error changed the state");
        error
    }

    #[test]
    fn the_first_reason_counts() {
        let all = Record::parse(b"1 -1 -1 0 -1 -1 -1 0 9 -1 1 1 -1 -1 1 -1 -1 -1").unwrap();
        let two = Record { run_time: 1, job_number: 2, ..all };
        let one = Record { allocated_processors: 2, job_number: 3, ..two };
        let mut cleaner = Cleaner::new(MACHINE, CleaningRules::default());
        let reasons = [DropReason::Runtime, DropReason::Processors, DropReason::Submit];
        for (record, reason) in [all, two, one].iter().zip(reasons) {
            cleaner.push(1, record).unwrap();
            assert_eq!(cleaner.report().dropped_for(reason), 1);
            let strict = CleaningRules { strict: true, ..CleaningRules::default() };
            let job = record.job_number;
            assert_eq!(refusal(strict, *record), CleanError::Dropped { line: 4, job, reason });
        }
        assert_eq!(
            cleaner.finish().unwrap_err().to_string(),
            "expected a job, found none (records: 3, dropped: 3, partial: 0)"
        );
    }

    #[test]
    fn rules_that_are_off_refuse() {
        let defaults = CleaningRules::default();
        let wide = Record { requested_processors: 11, ..record(1) };
        assert_eq!(
            refusal(CleaningRules { cap_processors: false, ..defaults }, wide).to_string(),
            "line 4: job 1 needs 11 processors of a machine with 10"
        );
        let long = Record { run_time: 10, ..record(1) };
        assert_eq!(
            refusal(CleaningRules { clamp_runtime: false, ..defaults }, long).to_string(),
            "line 4: job 1 ran 10 s, longer than its estimate of 9 s"
        );
        let partial = Record { status: 3, ..record(1) };
        assert_eq!(
            refusal(CleaningRules { skip_partial: false, ..defaults }, partial).to_string(),
            "line 4: job 1 has status 3, a part of a checkpointed job"
        );
    }

    #[test]
    fn partial_lines_are_no_jobs_and_no_duplicates() {
        let strict = CleaningRules { strict: true, ..CleaningRules::default() };
        let mut cleaner = Cleaner::new(MACHINE, strict);
        for (line, status) in [(1, 1), (2, 2), (3, 3), (4, 4)] {
            cleaner.push(line, &Record { status, ..record(8) }).unwrap();
        }
        let (jobs, report) = cleaner.finish().unwrap();
        assert_eq!((jobs.len(), report.partial, report.records), (1, 3, 4));
    }

    #[test]
    fn the_first_line_that_repeats_a_number_is_named() {
        let mut cleaner = Cleaner::new(MACHINE, CleaningRules::default());
        for (line, job) in [(1, 9), (2, 3), (3, 3), (4, 9), (5, 3)] {
            // A dropped record keeps its number.
            let run_time = if line == 2 { 0 } else { 7 };
            cleaner.push(line, &Record { run_time, ..record(job) }).unwrap();
        }
        assert_eq!(
            cleaner.finish().unwrap_err(),
            CleanError::DuplicateJob { job: 3, first: 2, second: 3 }
        );
    }

    #[test]
    fn no_records_make_no_jobs() {
        let cleaner = Cleaner::new(MACHINE, CleaningRules::default());
        let none = CleanError::none_of(&CleaningReport::default());
        assert_eq!(cleaner.finish().unwrap_err(), none);
    }
}
