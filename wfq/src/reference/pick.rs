use super::{Kind, Order, ROOT, State, Twin};

impl Twin {
    /// The entity to serve next; it is in service until charged. Nothing if everybody is asleep,
    /// throttled or in service.
    pub fn pick(&mut self) -> Option<usize> {
        let mut slot = ROOT;
        loop {
            slot = self.best(slot)?;
            if let Kind::Entity(entity, state) = &mut self.at_mut(slot).kind {
                *state = State::InService;
                return Some(*entity);
            }
        }
    }

    /// The child that the rule of the contest names.
    fn best(&mut self, contest: usize) -> Option<usize> {
        if self.order == Order::Eevdf {
            self.normalise(contest);
        }

        let queued =
            || self.members(contest).map(|(slot, _)| slot).filter(|&slot| self.queued(slot));
        let least = queued().reduce(|one, other| {
            if self.at(other).counter.is_before(self.at(one).counter) { other } else { one }
        });
        let by_deadline = |slot: usize| (self.deadline(slot), slot);
        let owed = match self.order {
            Order::StartTime => None,
            Order::Eevdf => {
                queued().filter(|&slot| self.eligible(slot)).min_by_key(|&slot| by_deadline(slot))
            }
        };
        owed.or(least)
    }

    fn queued(&self, slot: usize) -> bool {
        self.at(slot).competes
            && self.at(slot).limit.is_none_or(|limit| limit.open())
            && !self.serves(slot)
    }
}
