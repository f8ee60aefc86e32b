use super::start_time::remainder;
use super::{Kind, Node, Reading, Twin, ahead, scaled};

/// EEVDF. The virtual time is V = v0 + a/W, W being the sum of the weights of those that compete
/// and a the sum of their positions: of what each has received beyond v0 times its weight.
impl Twin {
    fn v0(&self, contest: usize) -> u128 {
        match self.at(contest).kind {
            Kind::Group(contest) => contest.base.k,
            Kind::Entity(..) => self.origin,
        }
    }

    /// `(a, W)`, W being 0 if nobody competes.
    fn sums(&self, contest: usize) -> (i128, i128) {
        let v0 = self.v0(contest);
        self.members(contest)
            .fold((0, 0), |(a, w), (_, node)| (a + position(node, v0), w + i128::from(node.weight)))
    }

    /// V rounded down.
    pub(super) fn eevdf_floor(&self, contest: usize) -> u128 {
        let (a, w) = self.sums(contest);
        let whole = if w == 0 { 0 } else { a.div_euclid(w) };
        self.v0(contest).wrapping_add_signed(whole)
    }

    /// Moves the whole part of a/W into v0.
    pub(super) fn normalise(&mut self, contest: usize) {
        self.contest(contest).base = Reading::whole(self.eevdf_floor(contest));
    }

    pub(super) fn eevdf_charge(&mut self, slot: usize, used: u64) {
        self.add_service(slot, used);
        let node = self.at_mut(slot);
        node.left = if used < node.left { node.left - used } else { node.request };
        self.normalise(self.at(slot).parent);
    }

    pub(super) fn eevdf_leave(&mut self, slot: usize) {
        let parent = self.at(slot).parent;
        self.normalise(parent);
        let v0 = self.v0(parent);
        let (a, w) = self.sums(parent);
        let node = self.at_mut(slot);
        // 0 <= a < W: no product of these is large.
        node.lag = (i128::from(node.weight) * a).div_euclid(w) - position(node, v0);
        node.competes = false;
        let last = node.counter.k;
        if self.members(parent).next().is_none() {
            self.contest(parent).base = Reading::whole(last);
        } else {
            self.normalise(parent);
        }
    }

    pub(super) fn eevdf_enter(&mut self, slot: usize) {
        let parent = self.at(slot).parent;
        let (_, w) = self.sums(parent);
        if w != 0 {
            self.normalise(parent);
        }
        let v0 = self.v0(parent);
        let (a, _) = self.sums(parent);
        let node = self.at_mut(slot);
        if w == 0 {
            node.counter = Reading { k: v0, rem: 0, of: node.weight };
        } else {
            // Its position is to be floor(weight * (a - lag) / W) - lag, so that it is owed its lag
            // once it takes part. Divided first and by the weight last, no product can overflow.
            let weight = i128::from(node.weight);
            let (whole, part) = ((a - node.lag).div_euclid(w), (a - node.lag).rem_euclid(w));
            let rest = (weight * part).div_euclid(w) - node.lag;
            node.counter = Reading {
                k: v0.wrapping_add_signed(whole + rest.div_euclid(weight)),
                rem: remainder(rest.rem_euclid(weight).cast_unsigned(), node.weight),
                of: node.weight,
            };
        }
        node.left = node.request;
        node.competes = true;
        self.normalise(parent);
    }

    /// Keeps the position: thus the lag, and V, of everybody.
    pub(super) fn eevdf_reweight(&mut self, slot: usize, weight: u32) {
        // v0 is left alone, so that the way back is exact.
        let v0 = self.v0(self.at(slot).parent);
        let node = self.at_mut(slot);
        if node.competes {
            let position = position(node, v0);
            let rem = position.rem_euclid(weight.into()).cast_unsigned();
            node.counter = Reading {
                k: v0.wrapping_add_signed(position.div_euclid(weight.into())),
                rem: remainder(rem, weight),
                of: weight,
            };
        }
        node.weight = weight;
    }

    /// Whether the node is owed service, or nothing is owed either way: x <= V, exactly.
    pub(super) fn eligible(&self, slot: usize) -> bool {
        let node = self.at(slot);
        let (a, w) = self.sums(node.parent);
        let weight = i128::from(node.weight);
        // position / weight <= a / W, with the whole part of a / W taken off both sides, so that
        // only small numbers are multiplied.
        let whole = a.div_euclid(w);
        let rest = position(node, self.v0(node.parent)) - whole * weight;
        rest <= 0 || rest <= weight && rest * w <= a.rem_euclid(w) * weight
    }

    /// The virtual deadline, counted from v0, in units of 1/K and of 2^-32 of them.
    pub(super) fn deadline(&self, slot: usize) -> (i128, u64) {
        let node = self.at(slot);
        let weight = u128::from(node.weight);
        let service = u128::from(node.counter.rem) + scaled(node.left);
        let span = (service / weight).cast_signed();
        let part = ((service % weight) << 32) / weight;
        (ahead(node.counter.k, self.v0(node.parent)) + span, u64::try_from(part).unwrap_or(0))
    }

    /// What an entity is owed, in 1/K of a unit of service, rounded down; negative if it has
    /// received more than its share (EEVDF). While it does not compete, what it was owed when it
    /// left.
    #[must_use]
    pub fn lag(&self, entity: usize) -> Option<i128> {
        let node = self.at(self.slot(entity)?);
        if !node.competes {
            return Some(node.lag);
        }
        let (a, w) = self.sums(node.parent);
        let weight = i128::from(node.weight);
        let fluid = a.div_euclid(w) * weight + (a.rem_euclid(w) * weight).div_euclid(w);
        Some(fluid - position(node, self.v0(node.parent)))
    }
}

/// What the node has received beyond v0 times its weight, in units of 1/K.
fn position(node: &Node, v0: u128) -> i128 {
    ahead(node.counter.k, v0) * i128::from(node.weight) + i128::from(node.counter.rem)
}
