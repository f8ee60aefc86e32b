//! What a picture needs of a game, however long it is.

use super::Game;
use super::tally::Tally;

/// Service and lags in equal stretches of time; in a short game each is one quantum.
#[derive(Debug)]
pub(super) struct Trace {
    /// The entities drawn by themselves, ascending.
    pub(super) shown: Vec<usize>,
    /// Where each entity is among those shown, or after them.
    slots: Vec<usize>,
    /// The limits of the stretches, ascending from 0: one more than there are stretches.
    pub(super) edges: Vec<u64>,
    /// Quanta received until each edge so far, for each entity shown.
    pub(super) served: Vec<Vec<u64>>,
    /// The least and the largest lag in each stretch, its edges included: for each entity shown,
    /// then for all others together, if there are any.
    pub(super) lags: Vec<Vec<(i128, i128)>>,
    /// Who ran in each quantum, unless the game is long.
    pub(super) sequence: Vec<usize>,
}

impl Trace {
    pub(super) fn new(game: &Game) -> Self {
        let count = game.weights.len();
        let shown = shown(game);
        let lanes = shown.len() + usize::from(shown.len() < count);
        let mut slots = vec![shown.len(); count];
        for (slot, &index) in shown.iter().enumerate() {
            slots[index] = slot;
        }
        let stretches = if game.quanta <= SHORT_GAME { game.quanta } else { STRETCHES };
        let edge = |i: u64| {
            let quanta = u128::from(game.quanta) * u128::from(i) / u128::from(stretches);
            u64::try_from(quanta).unwrap_or(game.quanta)
        };
        Self {
            slots,
            edges: (0..=stretches).map(edge).collect(),
            served: vec![vec![0]; shown.len()],
            lags: vec![vec![(0, 0)]; lanes],
            sequence: Vec::new(),
            shown,
        }
    }

    /// Whether each stretch is one quantum.
    pub(super) fn is_exact(&self) -> bool {
        !self.sequence.is_empty()
    }

    /// The entity at `index` ran, and had these lags before and after.
    pub(super) fn serve(&mut self, index: usize, lags: (i128, i128), tally: &Tally) {
        self.widen(index, lags.0);
        self.widen(index, lags.1);
        let last = self.edges.len() - 1;
        if self.edges[last] <= SHORT_GAME {
            self.sequence.push(index);
        }
        let stretch = self.lags[0].len();
        if tally.played() < self.edges[stretch] {
            return;
        }
        for (served, &index) in self.served.iter_mut().zip(&self.shown) {
            served.push(tally.entities()[index].served);
        }
        self.look(tally);
        if stretch < last {
            self.lags.iter_mut().for_each(|lane| lane.push((i128::MAX, i128::MIN)));
            self.look(tally);
        }
    }

    /// Takes notice of everybody's lag.
    fn look(&mut self, tally: &Tally) {
        for index in 0..self.slots.len() {
            self.widen(index, tally.lag(index));
        }
    }

    fn widen(&mut self, index: usize, lag: i128) {
        if let Some((least, largest)) = self.lags[self.slots[index]].last_mut() {
            (*least, *largest) = ((*least).min(lag), (*largest).max(lag));
        }
    }
}

/// All entities, or the heaviest if they are more than can be told apart; of equals, the first.
fn shown(game: &Game) -> Vec<usize> {
    let mut order: Vec<usize> = (0..game.weights.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(game.weights[index]));
    if order.len() > MOST_SHOWN {
        order.truncate(SHOWN_OF_MANY);
    }
    order.sort_unstable();
    order
}

/// Up to so many quanta, each is drawn.
const SHORT_GAME: u64 = 400;
/// Bounds the document of a long one.
const STRETCHES: u64 = 360;
/// As many as there are colours.
const MOST_SHOWN: usize = crate::picture::draw::COLOURS.len();
const SHOWN_OF_MANY: usize = 6;

#[cfg(test)]
mod tests {
    use apportion_wfq::Weight;

    use super::super::policy::Policy;
    use super::*;

    #[test]
    fn stretches_hold_the_extremes_of_every_instant() {
        let weights: Vec<_> = (1..=15).map(|weight| Weight::new(weight).unwrap()).collect();
        let game = Game { weights, quanta: 1_234, seed: 0 };
        let mut tally = Tally::new(&game.weights);
        let mut trace = Trace::new(&game);
        // The lag of each after each quantum.
        let mut all = vec![vec![0; 15]];
        Policy::Wfq
            .play(&game, false, |index| {
                let lags = tally.serve(index);
                trace.serve(index, lags, &tally);
                all.push((0..15).map(|index| tally.lag(index)).collect());
                Ok(())
            })
            .unwrap();
        assert!(!trace.is_exact());
        assert_eq!(trace.shown, (9..15).collect::<Vec<_>>());
        assert_eq!(trace.lags.len(), 7);
        for (slot, lane) in trace.lags.iter().enumerate() {
            let own = trace.shown.get(slot).map_or(0..9, |&index| index..index + 1);
            assert_eq!(lane.len(), 360);
            for (stretch, found) in lane.iter().enumerate() {
                let edges = [trace.edges[stretch], trace.edges[stretch + 1]];
                let [first, last] = edges.map(|edge| usize::try_from(edge).unwrap());
                let lags = || all[first..=last].iter().flat_map(|lags| &lags[own.clone()]);
                assert_eq!(*found, (*lags().min().unwrap(), *lags().max().unwrap()));
            }
        }
        for (served, &index) in trace.served.iter().zip(&trace.shown) {
            assert_eq!((served.len(), served[0]), (361, 0));
            assert_eq!(served[360], tally.entities()[index].served);
        }
    }
}
