use super::{Kind, Reading, Twin, ahead, scaled};

/// Start-time order: `s_i += u / w_i` when charged, `s_i = max(s_min, s_i)` on entry.
impl Twin {
    /// `s_min`: the least counter of those that compete, or where it stayed when the last left.
    pub(super) fn start_time_least(&self, contest: usize) -> Reading {
        let Kind::Group(remembered) = self.at(contest).kind else {
            return self.at(contest).counter;
        };
        let counters = self.members(contest).map(|(_, node)| node.counter);
        counters
            .reduce(|one, other| if other.is_before(one) { other } else { one })
            .unwrap_or(remembered.base)
    }

    pub(super) fn start_time_enter(&mut self, slot: usize) {
        let least = self.start_time_least(self.at(slot).parent);
        let node = self.at_mut(slot);
        node.counter = node.counter.later(least);
        node.competes = true;
    }

    pub(super) fn start_time_leave(&mut self, slot: usize) {
        let parent = self.at(slot).parent;
        let least = self.start_time_least(parent);
        self.at_mut(slot).competes = false;
        let left_with = self.at(slot).counter;
        let is_last = self.members(parent).next().is_none();
        let contest = self.contest(parent);
        contest.finish = contest.finish.later(left_with);
        if is_last {
            contest.base = least.later(contest.finish);
        }
    }

    /// Moves the counter on by `used / weight`, exactly. What was taken over from somebody with
    /// another weight is rounded up to a part of a unit first.
    pub(super) fn add_service(&mut self, slot: usize, used: u64) {
        let node = self.at_mut(slot);
        let total = u128::from(node.counter.parts(node.weight)) + scaled(used);
        let whole = total / u128::from(node.weight);
        node.counter = Reading {
            k: node.counter.k.wrapping_add(whole),
            rem: remainder(total, node.weight),
            of: node.weight,
        };
    }

    /// Keeps what the node is ahead of `s_min` by, in service: in parts rounded up at both weights,
    /// so that the way back is exact. Whoever is at `s_min` stays there.
    pub(super) fn start_time_reweight(&mut self, slot: usize, weight: u32) {
        let least = self.start_time_least(self.at(slot).parent);
        let node = self.at_mut(slot);
        if least.is_before(node.counter) {
            let distance = ahead(node.counter.k, least.k).cast_unsigned();
            let service = distance.saturating_mul(node.weight.into())
                + u128::from(node.counter.parts(node.weight))
                - u128::from(least.parts(node.weight))
                + u128::from(least.parts(weight));
            node.counter = Reading {
                k: least.k.wrapping_add(service / u128::from(weight)),
                rem: remainder(service, weight),
                of: weight,
            };
        }
        node.weight = weight;
    }
}

pub(super) fn remainder(service: u128, weight: u32) -> u32 {
    u32::try_from(service % u128::from(weight)).unwrap_or(0)
}
