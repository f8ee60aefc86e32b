//! The workload model of Lublin and Feitelson.

mod chance;
mod cycle;
mod generator;
mod parameters;

use alloc::vec::Vec;
use core::num::NonZeroU64;

use rand::Rng;

pub use generator::Generator;
pub use parameters::{LublinError, Parameters};

use cycle::DailyCycle;

/// The workload model of Lublin and Feitelson for the rigid jobs of a parallel machine.
///
/// One stream of jobs, or two (interactive and batch) whose arrivals are merged. A job's size is
/// serial, a power of two or any number, with a two-stage uniform logarithm; the logarithm of its
/// runtime is hyper-gamma with a mixing probability that falls with the size; the logarithm of the
/// gap to the next arrival is gamma, stretched by the daily cycle.
///
/// *Source*: U. Lublin, D. G. Feitelson, "The workload on parallel supercomputers: modeling the
/// characteristics of rigid jobs", JPDC 63(11), 2003; rules and values of the authors' program
/// `m_lublin99.c` in the Parallel Workloads Archive.
///
/// *Determinism*: the jobs are a function of the parameters, the estimates and the words of the
/// generator alone, on every platform.
///
/// ```
/// use apportion_workload::Lublin;
/// use core::num::NonZeroU64;
/// use rand_pcg::Pcg64;
///
/// let model = Lublin::typeless(NonZeroU64::new(256).unwrap());
/// let jobs: Vec<_> = model.generate(Pcg64::new(1, 1)).take(1000).collect();
/// assert!(jobs.iter().all(|job| job.processors <= 256 && job.estimate == job.runtime));
/// assert!(jobs.is_sorted_by_key(|job| job.submit));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Lublin {
    streams: Vec<Stream>,
    estimates: Estimates,
}

impl Lublin {
    /// A model of one stream; its jobs have queue 0.
    ///
    /// # Errors
    ///
    /// [`LublinError`] for parameters that are no model.
    pub fn new(parameters: Parameters) -> Result<Self, LublinError> {
        parameters.check()?;
        Ok(Self::of([(parameters, INTERACTIVE)]))
    }

    /// A model of two streams, the earliest next arrival first, the interactive one on ties.
    /// Interactive jobs have queue 0, batch jobs queue 1.
    ///
    /// # Errors
    ///
    /// [`LublinError`] for parameters that are no model.
    pub fn mix(interactive: Parameters, batch: Parameters) -> Result<Self, LublinError> {
        interactive.check()?;
        batch.check()?;
        Ok(Self::of([(interactive, INTERACTIVE), (batch, BATCH)]))
    }

    /// The whole sample, without types: [`Parameters::typeless`], queue 0.
    #[must_use]
    pub fn typeless(processors: NonZeroU64) -> Self {
        Self::of([(Parameters::typeless(processors), INTERACTIVE)])
    }

    /// The batch jobs alone: [`Parameters::batch`], queue 1.
    #[must_use]
    pub fn batch(processors: NonZeroU64) -> Self {
        Self::of([(Parameters::batch(processors), BATCH)])
    }

    /// The interactive jobs alone: [`Parameters::interactive`], queue 0.
    #[must_use]
    pub fn interactive(processors: NonZeroU64) -> Self {
        Self::of([(Parameters::interactive(processors), INTERACTIVE)])
    }

    /// Interactive and batch jobs of one machine, mixed as by [`mix`](Self::mix).
    #[must_use]
    pub fn mixed(processors: NonZeroU64) -> Self {
        Self::of([
            (Parameters::interactive(processors), INTERACTIVE),
            (Parameters::batch(processors), BATCH),
        ])
    }

    /// The same model with other estimates.
    #[must_use]
    pub fn with_estimates(self, estimates: Estimates) -> Self {
        Self { estimates, ..self }
    }

    /// The jobs, by arrival, for ever; `rng` is any generator, or a reference to one.
    #[must_use]
    pub fn generate<R: Rng>(&self, rng: R) -> Generator<R> {
        Generator::new(self.clone(), rng)
    }

    /// A model of parameters that [`Parameters::check`] accepts.
    fn of<const N: usize>(streams: [(Parameters, i64); N]) -> Self {
        let streams = streams.map(|(parameters, queue)| {
            let cycle = DailyCycle::new(parameters.cycle_shape, parameters.cycle_scale);
            Stream { cycle: cycle.unwrap_or_default(), parameters, queue }
        });
        Self { streams: streams.into(), estimates: Estimates::Exact }
    }
}

/// What users say of the runtime of the jobs that a model makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Estimates {
    /// The runtime itself.
    #[default]
    Exact,
    /// The f-model: uniform over the whole seconds from the runtime `r` to `(f + 1)·r`, rounded
    /// down, where f = `percent` / 100 is the badness factor.
    ///
    /// *Source*: the model as D. Tsafrir and D. G. Feitelson define it, "The dynamics of
    /// backfilling: solving the mystery of why increased inaccuracy may help", IISWC 2006. They
    /// find it no substitute for real estimates, which cluster at a few round values.
    Factor {
        /// The badness factor f in hundredths: 300 means up to four times the runtime.
        percent: u32,
    },
}

/// One kind of jobs.
#[derive(Clone, Debug, PartialEq)]
struct Stream {
    parameters: Parameters,
    cycle: DailyCycle,
    queue: i64,
}

const INTERACTIVE: i64 = 0;
const BATCH: i64 = 1;
