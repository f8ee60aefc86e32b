//! Backfilling with no, one and any number of reservations, written out once more in a few lines
//! each and without reuse of any kind: jobs by submission, requested times.

use apportion_backfill::{
    Backfill, BatchPolicy, Config, Decision, Error, JobId, Plan, StartReason, Submission,
};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rule {
    InOrder,
    Greedy,
    Easy,
    /// Every waiting job gets a reservation in every pass.
    Replanning,
}

#[derive(Debug)]
pub(crate) struct Plain {
    rule: Rule,
    release: bool,
    processors: u64,
    /// Gives out numbers, and does nothing else.
    numbers: Backfill,
    waiting: Vec<(JobId, Submission)>,
    running: Vec<(JobId, Submission, u64)>,
    /// Where the last pass planned to start waiting jobs.
    planned: Vec<(JobId, u64)>,
    decisions: Vec<Decision>,
    /// The last pass.
    now: u64,
}

impl Plain {
    pub(crate) fn new(processors: u64, rule: Rule, release: bool) -> Self {
        Self {
            rule,
            release,
            processors,
            numbers: Backfill::new(Config::new(processors).unwrap()).unwrap(),
            waiting: Vec::new(),
            running: Vec::new(),
            planned: Vec::new(),
            decisions: Vec::new(),
            now: 0,
        }
    }

    /// Free processors at `time`, as far as running jobs tell.
    fn free_at(&self, time: u64, now: u64) -> u64 {
        let uses = |end: u64| end > time || time <= now && !self.release;
        let taken: u64 =
            self.running.iter().filter(|job| uses(job.2)).map(|job| job.1.processors).sum();
        self.processors - taken
    }

    fn start(&mut self, id: JobId, now: u64, reason: StartReason) {
        let at = self.waiting.iter().position(|job| job.0 == id).unwrap();
        let (job, submission) = self.waiting.remove(at);
        let expected_end = now + submission.estimate;
        self.running.push((job, submission, expected_end));
        self.decisions.push(Decision::Start { job, reason, expected_end });
    }

    fn start_heads(&mut self, now: u64) {
        while let Some(&(id, job)) = self.waiting.first()
            && job.processors <= self.free_at(now, now)
        {
            self.start(id, now, StartReason::Head);
        }
    }

    fn greedy(&mut self, now: u64) {
        for (id, job) in self.waiting.clone() {
            let free = self.free_at(now, now);
            if job.processors <= free {
                self.start(id, now, StartReason::Greedy { free });
            }
        }
    }

    fn easy(&mut self, now: u64) {
        let Some(&(head, first)) = self.waiting.first() else { return };
        let mut ends: Vec<u64> =
            self.running.iter().map(|job| job.2).filter(|&end| end > now).collect();
        ends.sort_unstable();
        let shadow =
            ends.into_iter().find(|&end| self.free_at(end, now) >= first.processors).unwrap();
        let mut extra = self.free_at(shadow, now) - first.processors;
        for (id, job) in self.waiting.clone() {
            if job.processors > self.free_at(now, now) {
                continue;
            }
            if now + job.estimate <= shadow {
                self.start(id, now, StartReason::BeforeShadow { head, shadow });
            } else if job.processors <= extra {
                self.start(id, now, StartReason::ExtraProcessors { head, shadow, extra });
                extra -= job.processors;
            }
        }
    }

    /// A table of ticks, filled job by job.
    fn replan(&mut self, now: u64) {
        let mut horizon = 1;
        for job in &self.running {
            horizon += job.2.saturating_sub(now);
        }
        horizon += self.waiting.iter().map(|job| job.1.estimate).sum::<u64>();
        let mut free: Vec<u64> = (now..now + horizon).map(|time| self.free_at(time, now)).collect();
        let planned = std::mem::take(&mut self.planned);
        let mut earliest: Option<(JobId, u64)> = None;
        for (id, job) in self.waiting.clone() {
            let length = usize::try_from(job.estimate).unwrap();
            let hole = free
                .windows(length)
                .position(|window| window.iter().all(|&free| free >= job.processors));
            let at = hole.unwrap();
            let (start, end) = (now + at as u64, now + job.estimate);
            if at == 0 {
                let due = planned.iter().find(|planned| planned.0 == id && planned.1 <= now);
                let reason = match (earliest, due) {
                    (None, _) => StartReason::Head,
                    (_, Some(&(_, start))) => StartReason::Reserved { start },
                    (Some((head, shadow)), None) if end <= shadow => {
                        StartReason::BeforeShadow { head, shadow }
                    }
                    (Some((head, shadow)), None) => {
                        let extra = free[usize::try_from(shadow - now).unwrap()];
                        StartReason::ExtraProcessors { head, shadow, extra }
                    }
                };
                self.start(id, now, reason);
            } else {
                self.planned.push((id, start));
                if earliest.is_none_or(|earliest| start < earliest.1) {
                    earliest = Some((id, start));
                }
            }
            for free in &mut free[at..at + length] {
                *free -= job.processors;
            }
        }
    }
}

impl BatchPolicy for Plain {
    fn processors(&self) -> u64 {
        self.processors
    }

    fn submit(&mut self, now: u64, job: Submission) -> Result<JobId, Error> {
        let id = self.numbers.submit(now, job)?;
        self.waiting.push((id, job));
        Ok(id)
    }

    fn finish(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.running.retain(|running| running.0 != job);
        self.numbers.cancel(now, job)
    }

    fn cancel(&mut self, now: u64, job: JobId) -> Result<(), Error> {
        self.waiting.retain(|waiting| waiting.0 != job);
        self.numbers.cancel(now, job)
    }

    fn expire(&mut self, now: u64, _: JobId) -> Result<u64, Error> {
        Ok(now)
    }

    fn pass(&mut self, now: u64) -> Result<&[Decision], Error> {
        self.decisions.clear();
        self.now = now;
        match self.rule {
            Rule::InOrder => self.start_heads(now),
            Rule::Greedy => {
                self.start_heads(now);
                self.greedy(now);
            }
            Rule::Easy => {
                self.start_heads(now);
                self.easy(now);
            }
            Rule::Replanning => self.replan(now),
        }
        Ok(&self.decisions)
    }

    fn next_wakeup(&self) -> Option<u64> {
        self.running.iter().map(|job| job.2).filter(|&end| end > self.now).min()
    }

    fn plan(&self, now: u64, job: JobId) -> Result<Plan, Error> {
        self.numbers.plan(now, job)
    }

    fn queued(&self) -> usize {
        self.waiting.len()
    }
}
