//! Decisions put into force: only what has changed, in an order that every kernel takes.

use std::num::NonZeroU64;
use std::time::Duration;

use apportion_host::{Applied, CpuLimit, Error, GroupControl, Setting};

use super::layout::{Layout, Told};
use super::record::ratio;

/// What all groups have been told so far.
#[derive(Clone, Debug)]
pub(super) struct InForce {
    told: Vec<Told>,
}

impl InForce {
    /// Of groups that have just been created.
    pub(super) fn nothing(layout: &Layout) -> Self {
        Self { told: vec![Told::default(); layout.nodes.len()] }
    }

    /// Tells the groups what is new. Returns what became of the weights that were set, by node.
    pub(super) fn change(
        &mut self,
        control: &mut impl GroupControl,
        layout: &Layout,
        told: &[Told],
    ) -> Result<Vec<(usize, Applied)>, Error> {
        self.limits(control, layout, told)?;
        for (at, node) in layout.nodes.iter().enumerate() {
            let cpus = &told[at].cpus;
            if let Some(list) = cpus.as_ref().filter(|_| *cpus != self.told[at].cpus) {
                control.set(&node.path, &Setting::Cpus(list.clone()))?;
                self.told[at].cpus.clone_from(cpus);
            }
        }
        self.weights(control, layout, told)
    }

    /// A kernel may refuse a group more than the one that it is in has, at any instant: so what
    /// falls goes first, from the inside out, and then what rises, from the outside in.
    fn limits(
        &mut self,
        control: &mut impl GroupControl,
        layout: &Layout,
        told: &[Told],
    ) -> Result<(), Error> {
        let old: Vec<Option<u64>> = self.told.iter().map(|told| told.limit).collect();
        let changed = |&at: &usize| old[at] != told[at].limit;
        let gives_way = |&at: &usize| match (old[at], told[at].limit) {
            (Some(old), Some(new)) => new < old,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let falls = (0..layout.nodes.len()).rev().filter(changed).filter(gives_way);
        let rises = (0..layout.nodes.len()).filter(changed).filter(|at| !gives_way(at));
        for at in falls.chain(rises) {
            let limit = told[at].limit;
            control.set(&layout.nodes[at].path, &Setting::CpuLimit(limit.map(cpu_limit)))?;
            self.told[at].limit = limit;
        }
        Ok(())
    }

    fn weights(
        &mut self,
        control: &mut impl GroupControl,
        layout: &Layout,
        told: &[Told],
    ) -> Result<Vec<(usize, Applied)>, Error> {
        let mut parents: Vec<Option<usize>> = layout.nodes.iter().map(|node| node.parent).collect();
        parents.sort_unstable();
        parents.dedup();
        let mut applied = Vec::new();
        for parent in parents {
            let is_member = |&at: &usize| layout.nodes[at].parent == parent;
            let members: Vec<usize> = (0..layout.nodes.len()).filter(is_member).collect();
            if self.weighs_alike(&members, told) {
                continue;
            }
            let competing = members.iter().filter_map(|&at| {
                let weight = NonZeroU64::new(told[at].weight?)?;
                Some((at, (layout.nodes[at].path.clone(), weight)))
            });
            let (nodes, weights): (Vec<usize>, Vec<_>) = competing.unzip();
            if !weights.is_empty() {
                applied.extend(nodes.iter().copied().zip(control.set_weights(&weights)?));
            }
            for at in nodes {
                self.told[at].weight = told[at].weight;
            }
        }
        Ok(applied)
    }

    /// Whether those who compete have the shares already that they are to have. Whoever has left
    /// changes nothing about that.
    fn weighs_alike(&self, members: &[usize], told: &[Told]) -> bool {
        let competing = || members.iter().filter(|&&at| told[at].weight.is_some());
        let pairs: Option<Vec<(u64, u64)>> =
            competing().map(|&at| self.told[at].weight.zip(told[at].weight)).collect();
        let Some(pairs) = pairs else { return false };
        let old: u128 = pairs.iter().map(|pair| u128::from(pair.0)).sum();
        let new: u128 = pairs.iter().map(|pair| u128::from(pair.1)).sum();
        pairs
            .iter()
            .all(|pair| (ratio(pair.0.into(), old) - ratio(pair.1.into(), new)).abs() < NEGLIGIBLE)
    }
}

/// How far a share among siblings may be off before all are told anew, of 1.
const NEGLIGIBLE: f64 = 1e-5;

/// A limit in parts of a CPU, as time per period: of 100 ms, or where that would be less than the
/// kernel takes, of a second.
fn cpu_limit(parts: u64) -> CpuLimit {
    // A part is a microsecond in each second.
    let (quota, period) = if parts >= 10 * LEAST_QUOTA {
        (parts / 10, Duration::from_millis(100))
    } else {
        (parts.max(LEAST_QUOTA), Duration::from_secs(1))
    };
    CpuLimit { quota: Duration::from_micros(quota), period, burst: Duration::ZERO }
}

/// In microseconds.
const LEAST_QUOTA: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_become_quotas_that_the_kernel_takes() {
        for (parts, quota, period) in [
            (500_000, 50_000, 100),
            (3_000_000, 300_000, 100),
            (10_000, 1_000, 100),
            (9_999, 9_999, 1_000),
            (1, 1_000, 1_000),
        ] {
            let limit = cpu_limit(parts);
            assert_eq!(limit.quota, Duration::from_micros(quota), "{parts}");
            assert_eq!(limit.period, Duration::from_millis(period), "{parts}");
        }
    }
}
