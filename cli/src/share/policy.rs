//! The policies by name, and how each plays.

use apportion_lottery::{Lottery, Stride};
use apportion_wfq::{Order, Scheduler, Then};
use rand_pcg::Pcg64;

use super::Game;
use crate::output::Error;
use crate::progress::Progress;

/// A policy of the command line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Policy {
    Wfq,
    Eevdf,
    Stride,
    Lottery,
}

/// The first name of each is its own, any other an alias.
const NAMED: [(&str, Policy); 5] = [
    ("wfq", Policy::Wfq),
    ("sfq", Policy::Wfq),
    ("eevdf", Policy::Eevdf),
    ("stride", Policy::Stride),
    ("lottery", Policy::Lottery),
];

impl Policy {
    pub(super) const ALL: [Self; 4] = [Self::Wfq, Self::Eevdf, Self::Stride, Self::Lottery];

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
        mut turn: impl FnMut(usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut progress = Progress::new(self.name().to_owned(), game.quanta, "quanta");
        let mut next = match self {
            Self::Wfq => virtual_time(Order::StartTime, game)?,
            Self::Eevdf => virtual_time(Order::Eevdf, game)?,
            Self::Stride => strides(game)?,
            Self::Lottery => draws(game)?,
        };
        for played in 0..game.quanta {
            let Some(index) = next()? else { break };
            turn(index)?;
            if visible && played % REPORT_EVERY == 0 {
                progress.report(played);
            }
        }
        progress.finish();
        Ok(())
    }
}

/// Who runs in the next quantum, by index. Weights are within the limits of every policy, so that
/// nothing is ever refused; nobody runs if there is nobody.
type Next = Box<dyn FnMut() -> Result<Option<usize>, Error>>;

fn virtual_time(order: Order, game: &Game) -> Result<Next, Error> {
    let refused = |error: apportion_wfq::Error| Error::Usage(error.to_string());
    let mut scheduler = Scheduler::new(order);
    scheduler.reserve(game.weights.len());
    for &weight in &game.weights {
        let entity = scheduler.add(weight).map_err(refused)?;
        scheduler.wake(entity).map_err(refused)?;
    }
    Ok(Box::new(move || {
        let Some(pick) = scheduler.pick() else { return Ok(None) };
        scheduler.charge(pick.entity, 1, Then::Requeue).map_err(refused)?;
        Ok(Some(pick.entity.index()))
    }))
}

fn strides(game: &Game) -> Result<Next, Error> {
    let refused = |error: apportion_lottery::Error| Error::Usage(error.to_string());
    let mut stride = Stride::default();
    for weight in &game.weights {
        stride.add(weight.get().into()).map_err(refused)?;
    }
    Ok(Box::new(move || {
        let Some(next) = stride.pick() else { return Ok(None) };
        stride.charge(next.client, 1).map_err(refused)?;
        Ok(Some(next.client.index()))
    }))
}

fn draws(game: &Game) -> Result<Next, Error> {
    let refused = |error: apportion_lottery::Error| Error::Usage(error.to_string());
    let mut lottery = Lottery::new();
    lottery.reserve(game.weights.len());
    for weight in &game.weights {
        lottery.add(weight.get().into()).map_err(refused)?;
    }
    let mut chance = Pcg64::new(game.seed.into(), STREAM);
    Ok(Box::new(move || Ok(lottery.draw(&mut chance).map(|winner| winner.client.index()))))
}

/// Of the generator's sequences, the one that lotteries are drawn with.
const STREAM: u128 = 0x6c6f_7474_6572_7921;

/// Quanta between two reports of progress: seldom enough to cost nothing.
const REPORT_EVERY: u64 = 1 << 16;

#[cfg(test)]
mod tests {
    use apportion_wfq::Weight;

    use super::*;

    /// The definitions, in fractions: a counter is `served / weight`, `V` is `played / sum`; a pass
    /// is one stride ahead.
    fn by_definition(policy: Policy, weights: &[u64], quanta: u64) -> Vec<usize> {
        let sum: u64 = weights.iter().sum();
        let mut served = vec![0; weights.len()];
        let mut sequence = Vec::new();
        for played in 0..quanta {
            let eligible =
                |&i: &usize| policy != Policy::Eevdf || served[i] * sum <= played * weights[i];
            let ahead = u64::from(policy != Policy::Wfq);
            let due = |&i: &usize, &j: &usize| {
                ((served[i] + ahead) * weights[j]).cmp(&((served[j] + ahead) * weights[i]))
            };
            // Of equals, `min_by` takes the first.
            let next = (0..weights.len()).filter(eligible).min_by(due).unwrap();
            served[next] += 1;
            sequence.push(next);
        }
        sequence
    }

    fn played(policy: Policy, game: &Game) -> Vec<usize> {
        let mut sequence = Vec::new();
        let keep = |index| {
            sequence.push(index);
            Ok(())
        };
        policy.play(game, false, keep).unwrap();
        sequence
    }

    fn game(weights: &[u64], quanta: u64, seed: u64) -> Game {
        let weighed = weights.iter().map(|&w| Weight::new(w.try_into().unwrap()).unwrap());
        Game { weights: weighed.collect(), quanta, seed }
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
            for policy in [Policy::Wfq, Policy::Eevdf, Policy::Stride] {
                let sequence = played(policy, &game(&weights, 300, 0));
                let expected = by_definition(policy, &weights, 300);
                assert_eq!(sequence, expected, "case {case}: {policy:?} {weights:?}");
            }
        }
    }

    #[test]
    fn a_lottery_is_drawn_by_its_seed() {
        let first = played(Policy::Lottery, &game(&[1, 2, 4], 7_000, 5));
        assert_eq!(played(Policy::Lottery, &game(&[1, 2, 4], 7_000, 5)), first);
        assert_ne!(played(Policy::Lottery, &game(&[1, 2, 4], 7_000, 6)), first);
        for (index, share) in [1_000_usize, 2_000, 4_000].into_iter().enumerate() {
            let wins = first.iter().filter(|&&winner| winner == index).count();
            assert!(wins.abs_diff(share) < 250, "{index}: {wins}");
        }
    }
}
