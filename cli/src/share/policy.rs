//! The policies by name, and how each plays.

use apportion_wfq::{Order, Scheduler, Then};

use super::Game;
use crate::output::Error;
use crate::progress::Progress;

/// A policy of the command line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Policy {
    Wfq,
    Eevdf,
}

/// The first name of each is its own, any other an alias.
const NAMED: [(&str, Policy); 3] =
    [("wfq", Policy::Wfq), ("sfq", Policy::Wfq), ("eevdf", Policy::Eevdf)];

impl Policy {
    pub(super) const ALL: [Self; 2] = [Self::Wfq, Self::Eevdf];

    pub(super) fn named(name: &str) -> Option<Self> {
        NAMED.iter().find(|named| named.0 == name).map(|named| named.1)
    }

    pub(super) fn names() -> Vec<&'static str> {
        NAMED.iter().map(|named| named.0).collect()
    }

    pub(super) fn name(self) -> &'static str {
        NAMED.iter().find(|named| named.1 == self).map_or("", |named| named.0)
    }

    /// Plays, and tells `turn` who runs in each quantum.
    pub(super) fn play(
        self,
        game: &Game,
        visible: bool,
        turn: impl FnMut(usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut progress = Progress::new(self.name().to_owned(), game.quanta, "quanta");
        let done = |played| {
            if visible {
                progress.report(played);
            }
        };
        match self {
            Self::Wfq => virtual_time(Order::StartTime, game, turn, done)?,
            Self::Eevdf => virtual_time(Order::Eevdf, game, turn, done)?,
        }
        progress.finish();
        Ok(())
    }
}

fn virtual_time(
    order: Order,
    game: &Game,
    mut turn: impl FnMut(usize) -> Result<(), Error>,
    mut done: impl FnMut(u64),
) -> Result<(), Error> {
    // Weights are within the limits, so that nothing of this is ever refused.
    let refused = |error: apportion_wfq::Error| Error::Usage(error.to_string());
    let mut scheduler = Scheduler::new(order);
    scheduler.reserve(game.weights.len());
    for &weight in &game.weights {
        let entity = scheduler.add(weight).map_err(refused)?;
        scheduler.wake(entity).map_err(refused)?;
    }
    for played in 0..game.quanta {
        let Some(pick) = scheduler.pick() else { break };
        scheduler.charge(pick.entity, 1, Then::Requeue).map_err(refused)?;
        turn(pick.entity.index())?;
        if played % REPORT_EVERY == 0 {
            done(played);
        }
    }
    Ok(())
}

/// Quanta between two reports of progress: seldom enough to cost nothing.
const REPORT_EVERY: u64 = 1 << 16;

#[cfg(test)]
mod tests {
    use apportion_wfq::Weight;

    use super::*;

    /// The definitions, in fractions: a counter is `served / weight`, `V` is `played / sum`.
    fn by_definition(order: Order, weights: &[u64], quanta: u64) -> Vec<usize> {
        let sum: u64 = weights.iter().sum();
        let mut served = vec![0; weights.len()];
        let mut sequence = Vec::new();
        for played in 0..quanta {
            let eligible = |&i: &usize| match order {
                Order::StartTime => true,
                _ => served[i] * sum <= played * weights[i],
            };
            let request = u64::from(order != Order::StartTime);
            let due = |&i: &usize, &j: &usize| {
                ((served[i] + request) * weights[j]).cmp(&((served[j] + request) * weights[i]))
            };
            // Of equals, `min_by` takes the first.
            let next = (0..weights.len()).filter(eligible).min_by(due).unwrap();
            served[next] += 1;
            sequence.push(next);
        }
        sequence
    }

    #[test]
    fn turns_are_those_of_exact_fractions() {
        let mut state = 7_u64;
        let mut below = |limit: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
            (state >> 33) % limit
        };
        for case in 0..200 {
            let count = 1 + below(6);
            let most = [40, 1 << 20][case % 2];
            let weights: Vec<u64> = (0..count).map(|_| 1 + below(most)).collect();
            let weighed = weights.iter().map(|&w| Weight::new(w.try_into().unwrap()).unwrap());
            let game = Game { weights: weighed.collect(), quanta: 300 };
            for (policy, order) in [(Policy::Wfq, Order::StartTime), (Policy::Eevdf, Order::Eevdf)]
            {
                let mut sequence = Vec::new();
                let keep = |index| {
                    sequence.push(index);
                    Ok(())
                };
                policy.play(&game, false, keep).unwrap();
                let expected = by_definition(order, &weights, 300);
                assert_eq!(sequence, expected, "case {case}: {policy:?} {weights:?}");
            }
        }
    }
}
