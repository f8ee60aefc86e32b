//! Policies that break one law each: what the checkers have to catch.

use apportion_backfill::{
    Backfill, BatchPolicy, Config, Conservative, Decision, Error, JobId, Plan, StartReason,
    Submission,
};

/// What is wrong with a [`Wrong`] policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mistake {
    /// FCFS that counts one processor too many.
    Oversubscribes,
    /// FCFS that swaps the first two jobs if both fit.
    Swaps,
    /// EASY that forgets the reservation of the head: whatever fits starts.
    IgnoresReservation,
    /// EASY that starts one job a pass.
    StopsEarly,
    /// FCFS that starts every job again in the next pass.
    StartsTwice,
    /// FCFS whose decisions depend on how many passes there have been in all its life, and all
    /// others like it.
    Remembers,
}

/// A small scheduler with a mistake built in.
#[derive(Debug)]
pub(crate) struct Wrong {
    mistake: Mistake,
    processors: u64,
    /// Gives out numbers, and does nothing else.
    numbers: Backfill,
    queue: Vec<(JobId, Submission)>,
    running: Vec<(JobId, Submission)>,
    passes: u64,
    decisions: Vec<Decision>,
}

impl Wrong {
    pub(crate) fn new(mistake: Mistake, processors: u64, passes: u64) -> Self {
        Self {
            mistake,
            processors,
            numbers: Backfill::new(Config::new(processors).unwrap()).unwrap(),
            queue: Vec::new(),
            running: Vec::new(),
            passes,
            decisions: Vec::new(),
        }
    }

    fn fits(&self, job: &Submission) -> bool {
        let used: u64 = self.running.iter().map(|running| running.1.processors).sum();
        let more = u64::from(self.mistake == Mistake::Oversubscribes);
        used + job.processors <= self.processors + more
    }

    fn start(&mut self, at: usize, now: u64) {
        let (id, job) = self.queue.remove(at);
        self.running.push((id, job));
        self.decisions.push(Decision::Start {
            job: id,
            reason: StartReason::Head,
            expected_end: now + job.estimate,
        });
    }

    /// Which waiting job starts next.
    fn next(&self) -> Option<usize> {
        let first = self.queue.first().filter(|first| self.fits(&first.1)).map(|_| 0);
        let second = self.queue.get(1).filter(|second| self.fits(&second.1)).map(|_| 1);
        match self.mistake {
            Mistake::Swaps => first.and(second).or(first),
            Mistake::Remembers if self.passes % 2 == 1 => None,
            Mistake::StopsEarly if !self.decisions.is_empty() => None,
            Mistake::IgnoresReservation => self.queue.iter().position(|job| self.fits(&job.1)),
            _ => first,
        }
    }
}

impl BatchPolicy for Wrong {
    fn processors(&self) -> u64 {
        self.processors
    }

    fn submit(&mut self, now: u64, job: Submission) -> Result<JobId, Error> {
        let id = self.numbers.submit(now, job)?;
        self.queue.push((id, job));
        Ok(id)
    }

    fn finish(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.running.retain(|running| running.0 != job);
        self.numbers.cancel(now, job)
    }

    fn cancel(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.queue.retain(|waiting| waiting.0 != job);
        self.numbers.cancel(now, job)
    }

    fn expire(&mut self, now: u64, _: JobId) -> Result<u64, Error> {
        Ok(now)
    }

    fn pass(&mut self, now: u64) -> Result<&[Decision], Error> {
        self.passes += 1;
        let before = std::mem::take(&mut self.decisions);
        if self.mistake == Mistake::StartsTwice
            && let [Decision::Start { job, .. }, ..] = before[..]
            && self.running.iter().any(|running| running.0 == job)
        {
            self.decisions = before;
            return Ok(&self.decisions);
        }
        while let Some(at) = self.next() {
            self.start(at, now);
        }
        Ok(&self.decisions)
    }

    fn next_wakeup(&self) -> Option<u64> {
        None
    }

    fn plan(&self, now: u64, job: JobId) -> Result<Plan, Error> {
        self.numbers.plan(now, job)
    }

    fn queued(&self) -> usize {
        self.queue.len()
    }
}

/// Conservative backfilling that holds the last start of each pass back until the next one.
#[derive(Debug)]
pub(crate) struct Delays {
    conservative: Conservative,
    held_back: Option<Decision>,
    decisions: Vec<Decision>,
}

impl Delays {
    pub(crate) fn new(conservative: Conservative) -> Self {
        Self { conservative, held_back: None, decisions: Vec::new() }
    }
}

impl BatchPolicy for Delays {
    fn processors(&self) -> u64 {
        self.conservative.processors()
    }

    fn submit(&mut self, now: u64, job: Submission) -> Result<JobId, Error> {
        self.conservative.submit(now, job)
    }

    fn finish(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.conservative.finish(now, job)
    }

    fn cancel(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.conservative.cancel(now, job)
    }

    fn expire(&mut self, now: u64, job: JobId) -> Result<u64, Error> {
        self.conservative.expire(now, job)
    }

    fn pass(&mut self, now: u64) -> Result<&[Decision], Error> {
        self.decisions.clear();
        self.decisions.extend(self.held_back.take());
        let due = self.conservative.pass(now)?;
        self.decisions.extend_from_slice(due);
        if due.len() > 1 {
            self.held_back = self.decisions.pop();
        }
        for decision in &mut self.decisions {
            if let Decision::Start { expected_end, .. } = decision {
                *expected_end = (*expected_end).max(now + 1);
            }
        }
        Ok(&self.decisions)
    }

    fn next_wakeup(&self) -> Option<u64> {
        self.conservative.next_wakeup()
    }

    fn plan(&self, now: u64, job: JobId) -> Result<Plan, Error> {
        self.conservative.plan(now, job)
    }

    fn queued(&self) -> usize {
        self.conservative.queued()
    }
}
