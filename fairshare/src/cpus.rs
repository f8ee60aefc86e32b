//! Shares over several CPUs.

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::{Claim, Error, Rules, Share, divide};

/// Identical CPUs, and the period in which everybody gets its share of them.
///
/// ```
/// use apportion_fairshare::{Claim, Cpus, Rules, Weight};
///
/// // Two CPUs, three virtual machines of one vCPU each: none can use more than a CPU.
/// let cpus = Cpus::new(2, 1_000)?;
/// let machine = |weight| (Claim::new(Weight::new(weight).unwrap()), 1);
/// let shares = cpus.divide(&[machine(1), machine(1), machine(4)], Rules::default())?;
/// let lengths: Vec<u64> = shares.iter().map(|share| share.allocation).collect();
/// assert_eq!(lengths, [500, 500, 1_000]);
/// let runs = cpus.place(&lengths)?;
/// assert_eq!(runs.iter().map(|run| run.cpu).collect::<Vec<_>>(), [0, 1, 1]);
/// # Ok::<(), apportion_fairshare::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Cpus {
    count: usize,
    period: u64,
}

/// A stretch of a period in which a part runs on a CPU.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub struct Run {
    /// Which part, from 0.
    pub part: usize,
    /// Which CPU, from 0.
    pub cpu: usize,
    /// When it begins, from the beginning of the period.
    pub start: u64,
    /// When it ends.
    pub end: u64,
}

impl Cpus {
    /// So many CPUs, and a period in a unit of the caller's choice.
    ///
    /// # Errors
    ///
    /// [`Error::NoMachine`] if either is 0, or the time of all CPUs together does not fit into 64
    /// bits.
    pub fn new(count: usize, period: u64) -> Result<Self, Error> {
        let no_machine = Error::NoMachine { cpus: count, period };
        let cpus = u32::try_from(count).ok().filter(|&cpus| cpus > 0 && period > 0);
        if cpus.and_then(|cpus| u64::from(cpus).checked_mul(period)).is_none() {
            return Err(no_machine);
        }
        Ok(Self { count, period })
    }

    /// The time of all CPUs in a period.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.count as u64 * self.period
    }

    /// How many CPUs there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The length of the period.
    #[must_use]
    pub fn period(&self) -> u64 {
        self.period
    }

    /// Divides the CPUs, as [`divide`](crate::divide) does, among claims that each have so many
    /// parts (vCPUs, threads). A part cannot run on two CPUs at a time, so a claim with `n` of them
    /// is limited to `n` CPUs; where that holds it, its bound is [`Limit`](crate::Bound::Limit).
    ///
    /// # Errors
    ///
    /// [`Error::NoParts`], and those of [`divide`](crate::divide): to reserve more than `n` CPUs is to
    /// reserve more than that limit.
    pub fn divide(&self, claims: &[(Claim, u32)], rules: Rules) -> Result<Vec<Share>, Error> {
        let mut limited = Vec::with_capacity(claims.len());
        for (number, &(claim, parts)) in claims.iter().enumerate() {
            if parts == 0 {
                return Err(Error::NoParts { claim: number });
            }
            claim.checked(number)?;
            let most = self.period.saturating_mul(parts.into());
            limited.push(claim.limited_to(claim.limit().min(most)));
        }
        divide(self.capacity(), &limited, rules)
    }

    /// An allocation in so many parts, as even as can be, the longer ones first.
    pub fn parts(allocation: u64, parts: u32) -> impl Iterator<Item = u64> {
        let [each, longer] = match u64::from(parts) {
            0 => [0, 0],
            parts => [allocation / parts, allocation % parts],
        };
        (0..u64::from(parts)).map(move |part| each + u64::from(part < longer))
    }

    /// Which part runs where and when, for parts that are to run so long each in a period.
    ///
    /// McNaughton's rule: the parts are laid end to end, the longest first, and the line is cut into
    /// CPUs. A part that is cut runs at the end of the period on one CPU and at its beginning on the
    /// next; as it is no longer than a period, never on both at once. So no part is on more than two
    /// CPUs, and at most one part is cut at each border. Parts of length 0 do not run. Equal parts
    /// go in order. `O(n log n)`.
    ///
    /// *Source*: R. McNaughton, "Scheduling with deadlines and loss functions", Management Science
    /// 6(1), 1959.
    ///
    /// # Errors
    ///
    /// [`Error::PartTooLong`], [`Error::PartsTooLong`].
    pub fn place(&self, parts: &[u64]) -> Result<Vec<Run>, Error> {
        let Self { period, .. } = *self;
        for (part, &length) in parts.iter().enumerate() {
            if length > period {
                return Err(Error::PartTooLong { part, length, period });
            }
        }
        let length: u128 = parts.iter().copied().map(u128::from).sum();
        if length > self.capacity().into() {
            return Err(Error::PartsTooLong { length, capacity: self.capacity() });
        }
        let mut order: Vec<usize> = (0..parts.len()).filter(|&part| parts[part] > 0).collect();
        order.sort_by_key(|&part| Reverse(parts[part]));
        let mut runs = Vec::with_capacity(order.len());
        let (mut cpu, mut start) = (0, 0);
        for part in order {
            let end = u128::from(start) + u128::from(parts[part]);
            if let Some(rest) = end.checked_sub(period.into()) {
                runs.push(Run { part, cpu, start, end: period });
                (cpu, start) = (cpu + 1, rest as u64);
                if start > 0 {
                    runs.push(Run { part, cpu, start: 0, end: start });
                }
            } else {
                runs.push(Run { part, cpu, start, end: end as u64 });
                start = end as u64;
            }
        }
        Ok(runs)
    }
}
