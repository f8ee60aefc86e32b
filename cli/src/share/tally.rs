//! Who got how much, and how far from the ideal anybody was.

use apportion_wfq::Weight;

/// What each entity has received so far, and its lags.
///
/// With `W` the sum of weights, `w` an entity's and `c` its quanta after `t` of all, it is ahead by
/// `c - t * w / W`. Lags are kept `W` times as large, as integers.
#[derive(Debug)]
pub(super) struct Tally {
    entities: Vec<Entity>,
    /// `W`.
    weight: i128,
    played: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entity {
    pub(super) weight: u64,
    pub(super) served: u64,
    /// The largest lag so far, and the least: below zero if it ever was behind.
    ahead: i128,
    behind: i128,
}

impl Tally {
    pub(super) fn new(weights: &[Weight]) -> Self {
        let entity = |weight: &Weight| Entity {
            weight: weight.get().into(),
            served: 0,
            ahead: 0,
            behind: 0,
        };
        let entities: Vec<Entity> = weights.iter().map(entity).collect();
        let weight = entities.iter().map(|entity| i128::from(entity.weight)).sum();
        Self { entities, weight, played: 0 }
    }

    /// One quantum for the entity at `index`. Returns its lag before and after.
    ///
    /// While an entity waits, its lag only falls. So it is least just before it runs, and largest
    /// just after: nobody else needs a look.
    pub(super) fn serve(&mut self, index: usize) -> (i128, i128) {
        let before = self.lag(index);
        self.played += 1;
        self.entities[index].served += 1;
        let after = self.lag(index);
        let entity = &mut self.entities[index];
        entity.behind = entity.behind.min(before);
        entity.ahead = entity.ahead.max(after);
        (before, after)
    }

    /// The last quantum has been played: those who wait are as far behind as they get.
    pub(super) fn finish(&mut self) {
        for index in 0..self.entities.len() {
            let lag = self.lag(index);
            let entity = &mut self.entities[index];
            entity.behind = entity.behind.min(lag);
        }
    }

    /// How far the entity at `index` is ahead now.
    pub(super) fn lag(&self, index: usize) -> i128 {
        let entity = &self.entities[index];
        i128::from(entity.served) * self.weight
            - i128::from(self.played) * i128::from(entity.weight)
    }

    pub(super) fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// The sum of weights: as many parts does a quantum of lag have.
    pub(super) fn weight(&self) -> i128 {
        self.weight
    }

    pub(super) fn played(&self) -> u64 {
        self.played
    }

    /// The entity that was furthest from the ideal, and how far; of equals, the first.
    pub(super) fn furthest(&self) -> (usize, i128) {
        let mut furthest = (0, 0);
        for (index, entity) in self.entities.iter().enumerate() {
            let lag = entity.furthest();
            if lag.abs() > i128::abs(furthest.1) {
                furthest = (index, lag);
            }
        }
        furthest
    }

    #[expect(clippy::cast_precision_loss, reason = "printed, with all the digits of a float")]
    pub(super) fn max_abs_lag(&self) -> f64 {
        self.furthest().1.abs() as f64 / self.weight as f64
    }
}

impl Entity {
    /// The lag that is furthest from zero.
    pub(super) fn furthest(&self) -> i128 {
        if self.ahead >= self.behind.abs() { self.ahead } else { self.behind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_are_those_of_a_look_at_everybody_after_each_quantum() {
        let mut state = 3_u64;
        for _ in 0..50 {
            let weights = [1, 5, 2, 9].map(|weight| Weight::new(weight).unwrap());
            let mut tally = Tally::new(&weights);
            let mut furthest = [0_i128; 4];
            for _ in 0..60 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
                tally.serve(usize::try_from(state >> 62).unwrap());
                for (index, furthest) in furthest.iter_mut().enumerate() {
                    *furthest = (*furthest).max(tally.lag(index).abs());
                }
            }
            tally.finish();
            let found: Vec<_> = tally.entities().iter().map(|e| e.furthest().abs()).collect();
            assert_eq!(found, furthest);
            assert_eq!(tally.furthest().1.abs(), furthest.into_iter().max().unwrap());
        }
    }
}
