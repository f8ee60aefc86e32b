use std::num::NonZeroU64;

use apportion_wfq::{EntityId, GroupId, Limit, Member, Scheduler, Then, Weight};

/// Makes calls of all kinds. Whether they are refused does not matter: they must come back.
pub(crate) fn play(
    mut scheduler: Scheduler,
    mut entities: Vec<EntityId>,
    groups: &[GroupId],
    seed: u64,
    calls: usize,
) -> Scheduler {
    let mut random = Random(seed);
    let mut served: Vec<EntityId> = Vec::new();
    let mut now = 0;
    for _ in 0..calls {
        let entity = random.of(&entities);
        let group = random.of(groups);
        let members = [entity.map(Member::from), group.map(Member::from)];
        let member = random.of(&members).flatten();
        let amount = random.amount();
        let bits = random.below(21);
        let weight = Weight::new(random.below(1 << bits) + 1).expect("in range");
        match random.below(40) {
            0..12 => served.extend(scheduler.pick().map(|pick| pick.entity)),
            12..22 if !served.is_empty() => {
                let entity = served.swap_remove(random.index(served.len()));
                let then = random.of(&[Then::Requeue, Then::Requeue, Then::Sleep, Then::Remove]);
                if scheduler.charge(entity, amount, then.unwrap_or(Then::Requeue)).is_err() {
                    let _ = scheduler.charge(entity, 1, Then::Sleep);
                }
            }
            24 => entities.extend(scheduler.add(weight).ok().filter(|_| entities.len() < 50)),
            25 => {
                let added = group.and_then(|group| scheduler.add_to(group, weight).ok());
                entities.extend(added.filter(|_| entities.len() < 50));
            }
            26 => drop(entity.map(|entity| scheduler.remove(entity))),
            27..31 => drop(entity.map(|entity| scheduler.wake(entity))),
            31 => drop(entity.map(|entity| scheduler.sleep(entity))),
            32 => drop(member.map(|member| scheduler.set_weight(member, weight))),
            33 => drop(entity.map(|entity| scheduler.charge(entity, amount, Then::Requeue))),
            34 => drop(entity.map(|entity| scheduler.correct(entity, amount, random.amount()))),
            35 => {
                let [quota, period] = [amount, random.amount()].map(NonZeroU64::new);
                let limit = quota.and_then(|quota| Some(Limit::new(quota, period?)));
                let _ = member.map(|member| scheduler.set_limit(member, limit));
            }
            36 => {
                now += amount >> 20;
                let _ = scheduler.advance(scheduler.next_release(now).unwrap_or(now));
            }
            37 => drop(member.map(|member| scheduler.lag(member))),
            38 => {
                let other = random.of(&entities);
                let pair = entity.zip(other);
                let _ = pair.map(|(one, other)| scheduler.would_preempt(one, other));
                let _ = entity.map(|entity| scheduler.deadline(entity));
            }
            _ => drop(scheduler.virtual_time(group)),
        }
    }
    scheduler
}

/// `SplitMix64`.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: u32) -> u32 {
        let product = u64::from(limit) * (self.word() >> 32);
        u32::try_from(product >> 32).unwrap_or(0)
    }

    fn index(&mut self, limit: usize) -> usize {
        self.below(u32::try_from(limit).unwrap_or(u32::MAX)) as usize
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        (!all.is_empty()).then(|| all[self.index(all.len())])
    }

    /// Small more often than large.
    fn amount(&mut self) -> u64 {
        let bits = 22 + self.below(42);
        self.word() >> bits
    }
}
