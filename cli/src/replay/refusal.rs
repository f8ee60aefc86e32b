//! What is wrong with a trace that a policy refuses, in the terms of the trace.

use apportion_backfill::{Error, MAX_TIME, ReplayError};
use apportion_workload::Job;

/// Names the line and the number of the job where the library names its place in a list.
pub(super) fn explain(error: ReplayError, jobs: &[Job]) -> String {
    let (index, what) = match error {
        ReplayError::OutOfOrder { index, submit } => (
            index,
            format!("expected a submit time after that of the job before, found {submit} s"),
        ),
        ReplayError::RuntimeOutOfRange { index, runtime, estimate } => {
            (index, format!("expected a run time of 1 to {estimate} s, found {runtime} s"))
        }
        ReplayError::Policy { index, error } => (index, refusal(error, jobs.get(index))),
        other => return other.to_string(),
    };
    match jobs.get(index) {
        // A job of the model has no line.
        Some(Job { line: 0, id, .. }) => format!("job {id}: {what}"),
        Some(Job { line, id, .. }) => format!("line {line}: job {id}: {what}"),
        None => what,
    }
}

fn refusal(error: Error, job: Option<&Job>) -> String {
    match error {
        Error::TimeOutOfRange { now } => {
            let what = match job {
                Some(job) if job.submit >= now => "a submit time",
                _ => "an end",
            };
            format!("expected {what} of at most {MAX_TIME} s, found {now} s")
        }
        Error::EstimateOutOfRange { estimate } => {
            format!("expected an estimate of 1 to {MAX_TIME} s, found {estimate} s")
        }
        Error::BeyondHorizon { start } => {
            format!("expected a reserved start of at most {MAX_TIME} s, found {start} s")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: Job = Job {
        id: 70,
        submit: 9,
        runtime: 1,
        processors: 1,
        estimate: 1,
        user: -1,
        queue: -1,
        line: 4,
    };

    #[test]
    fn the_job_is_named_by_line_and_number() {
        let jobs = [Job { line: 3, ..JOB }, JOB];
        for (error, message) in [
            (
                ReplayError::OutOfOrder { index: 1, submit: 9 },
                "line 4: job 70: expected a submit time after that of the job before, found 9 s",
            ),
            (
                ReplayError::RuntimeOutOfRange { index: 1, runtime: 3, estimate: 2 },
                "line 4: job 70: expected a run time of 1 to 2 s, found 3 s",
            ),
            (
                ReplayError::Policy { index: 0, error: Error::NoProcessors },
                "line 3: job 70: the job asks for no processor",
            ),
            (ReplayError::Starved { left: 2 }, "2 jobs were never started"),
        ] {
            assert_eq!(explain(error, &jobs), message);
        }
        let error = ReplayError::Policy { index: 0, error: Error::NoProcessors };
        let made = explain(error, &[Job { line: 0, ..JOB }]);
        assert_eq!(made, "job 70: the job asks for no processor");
    }
}
