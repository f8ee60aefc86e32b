//! What was decided, and what each really got.

use std::process::ExitStatus;
use std::time::Duration;

use apportion_host::NetworkUsage;

use super::division::Division;
use super::value::CPU;

/// What is known of a run, by command.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// In parts of a CPU.
    capacity: u64,
    pub(super) rows: Vec<Row>,
    /// Until when decisions have been added up.
    until: Duration,
    /// At the end of each window, if they are kept.
    pub(super) samples: Option<Samples>,
    /// When the last window ended, and the CPU time of each command then.
    window: (Duration, Vec<Duration>),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// Parts of a CPU, as decided for now.
    decided: u64,
    /// The sum of parts times nanoseconds.
    sum: u128,
    /// CPU time used so far.
    pub(super) cpu: Duration,
    /// What of it was used before all commands had been started.
    before: Duration,
    /// Its share of the CPUs in the last window.
    pub(super) recent: f64,
    pub(super) exit: Option<ExitStatus>,
    /// What it has sent and received so far, if it is in a network.
    pub(super) network: Option<NetworkUsage>,
}

/// What a picture needs of a run, however long it is.
#[derive(Clone, Debug)]
pub(super) struct Samples {
    /// The first commands, as many as are drawn.
    pub(super) commands: usize,
    /// When each window ended, from 0 on.
    pub(super) ends: Vec<Duration>,
    /// By window: of each command, the CPU time used by its end, and the sum of decisions.
    pub(super) values: Vec<Vec<(Duration, u128)>>,
    /// Windows are put together two by two when they are too many.
    every: u32,
    skipped: u32,
}

impl Record {
    /// At time 0 of a run on CPUs of this capacity. With samples of so many commands, if any.
    pub(super) fn new(division: &Division, drawn: Option<usize>) -> Self {
        let row = |&decided: &u64| Row { decided, ..Row::default() };
        let rows: Vec<Row> = division.commands.iter().map(row).collect();
        let samples = drawn.map(|commands| Samples {
            commands,
            ends: vec![Duration::ZERO],
            values: vec![vec![(Duration::ZERO, 0); commands]],
            every: 1,
            skipped: 0,
        });
        let window = (Duration::ZERO, vec![Duration::ZERO; rows.len()]);
        Self { capacity: division.capacity, rows, until: Duration::ZERO, samples, window }
    }

    /// All commands have been started, and have used this much: the time begins.
    pub(super) fn begin(&mut self, used: &[Duration]) {
        for (at, (row, &used)) in self.rows.iter_mut().zip(used).enumerate() {
            (row.cpu, row.before) = (used, used);
            self.window.1[at] = used;
        }
        if let Some(samples) = &mut self.samples {
            let start = self.rows.iter().take(samples.commands).map(|row| (row.cpu, 0)).collect();
            samples.values = vec![start];
        }
    }

    /// Time has passed under the latest decision.
    pub(super) fn advance(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.until).as_nanos();
        self.until = self.until.max(now);
        for row in &mut self.rows {
            row.sum += u128::from(row.decided) * passed;
        }
    }

    /// From now on this is decided.
    pub(super) fn decide(&mut self, now: Duration, division: &Division) {
        self.advance(now);
        for (row, &decided) in self.rows.iter_mut().zip(&division.commands) {
            row.decided = decided;
        }
    }

    /// A window ends: the CPU times are those of now.
    pub(super) fn end_window(&mut self, now: Duration) {
        self.advance(now);
        let passed = now.saturating_sub(self.window.0);
        if passed.is_zero() {
            return;
        }
        for (row, before) in self.rows.iter_mut().zip(&mut self.window.1) {
            row.recent = share(row.cpu.saturating_sub(*before), passed, self.capacity);
            *before = row.cpu;
        }
        self.window.0 = now;
        if let Some(samples) = &mut self.samples {
            samples.push(now, &self.rows);
        }
    }

    /// How long the run has taken.
    pub(super) fn elapsed(&self) -> Duration {
        self.until
    }

    /// The share of the CPUs that was decided for a command, over all the time.
    pub(super) fn decided(&self, at: usize) -> f64 {
        let whole = u128::from(self.capacity) * self.until.as_nanos();
        ratio(self.rows[at].sum, whole)
    }

    /// The share that is decided for it now.
    pub(super) fn decided_now(&self, at: usize) -> f64 {
        ratio(self.rows[at].decided.into(), self.capacity.into())
    }

    /// The share of the CPUs that a command really had, over all the time.
    pub(super) fn achieved(&self, at: usize) -> f64 {
        let row = &self.rows[at];
        share(row.cpu.saturating_sub(row.before), self.until, self.capacity)
    }

    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }
}

impl Samples {
    fn push(&mut self, now: Duration, rows: &[Row]) {
        self.skipped += 1;
        if self.skipped < self.every {
            return;
        }
        self.skipped = 0;
        self.ends.push(now);
        self.values.push(rows.iter().take(self.commands).map(|row| (row.cpu, row.sum)).collect());
        if self.ends.len() > MOST_SAMPLES {
            // Every second one stays, the first and the last among them.
            let mut keep = (0..=MOST_SAMPLES).map(|at| at % 2 == 0);
            self.ends.retain(|_| keep.next().unwrap_or(true));
            let mut keep = (0..=MOST_SAMPLES).map(|at| at % 2 == 0);
            self.values.retain(|_| keep.next().unwrap_or(true));
            self.every = self.every.saturating_mul(2);
        }
    }
}

/// CPU time as a share of what CPUs of this capacity have in a stretch of time.
pub(super) fn share(cpu: Duration, time: Duration, capacity: u64) -> f64 {
    ratio(cpu.as_nanos() * u128::from(CPU), time.as_nanos() * u128::from(capacity))
}

/// A quotient for people; 0 of nothing.
pub(super) fn ratio(part: u128, whole: u128) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "reported for people")]
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// An even number.
const MOST_SAMPLES: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;

    fn division(commands: &[u64]) -> Division {
        Division {
            capacity: 2 * CPU,
            running: vec![true; commands.len()],
            commands: commands.to_vec(),
            groups: Vec::new(),
            scaled_down: false,
        }
    }

    #[test]
    fn decisions_are_weighed_by_their_time() {
        let mut record = Record::new(&division(&[CPU, CPU]), None);
        record.begin(&[Duration::from_secs(1), Duration::ZERO]);
        record.decide(Duration::from_secs(1), &division(&[2 * CPU, 0]));
        record.rows[0].cpu = Duration::from_secs(7);
        record.end_window(Duration::from_secs(4));
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
        close(record.decided(0), 7.0 / 8.0);
        close(record.decided(1), 1.0 / 8.0);
        close(record.achieved(0), 6.0 / 8.0);
        close(record.decided_now(0), 1.0);
        close(record.rows[0].recent, 6.0 / 8.0);
    }

    #[test]
    fn a_long_run_has_no_more_samples_than_a_short_one() {
        let mut record = Record::new(&division(&[CPU, CPU, 0]), Some(2));
        for window in 1..=100_000 {
            record.rows[1].cpu = Duration::from_millis(window);
            record.end_window(Duration::from_millis(2 * window));
        }
        let samples = record.samples.unwrap();
        assert!((300..=601).contains(&samples.ends.len()), "{}", samples.ends.len());
        assert_eq!(samples.ends[0], Duration::ZERO);
        assert!(samples.ends.is_sorted());
        for (end, values) in samples.ends.iter().zip(&samples.values) {
            assert_eq!((values.len(), values[1].0 * 2), (2, *end));
        }
    }
}
