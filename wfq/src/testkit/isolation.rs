use alloc::vec::Vec;

use super::random::Random;
use super::{Failure, Hierarchical, Member, Profile, Violation};

/// B11, isolation: one scheduler, and a second that differs in what goes on inside one group. As
/// long as the group stays runnable, and the charges are the same, its siblings are served in the
/// same turns.
///
/// The root holds that group, of which one subgroup is a child, and three entities that come and
/// go. Plays an eighth of the operations of the profile, each of them a turn of both.
///
/// # Errors
///
/// [`Violation::Isolation`], or that nobody was picked.
pub fn check_isolation<S: Hierarchical>(
    profile: Profile,
    make: impl Fn() -> S,
) -> Result<(), Failure> {
    let mut seeds = Random::new(!profile.seed);
    let mut left = profile.operations / 8;
    while left > 0 {
        let seed = seeds.word();
        let episode = left.min(1 << 10);
        left -= episode;
        let outside = Random::new(seed);
        let mut pair = Pair {
            one: Inside::new(make(), seed ^ 1),
            other: Inside::new(make(), seed ^ 2),
            outside,
            awake: [false; SIBLINGS],
            profile,
        };
        pair.begin();
        for turn in 0..episode {
            let operations = turn + 1;
            pair.turn(turn).map_err(|violation| Failure { violation, seed, operations })?;
        }
    }
    Ok(())
}

/// Entities at the root: 0, 1 and 2. Those inside the group: 3 to 7, the last two in the subgroup.
const SIBLINGS: usize = 3;
const LEAVES: usize = 5;

struct Pair<S> {
    one: Inside<S>,
    other: Inside<S>,
    outside: Random,
    awake: [bool; SIBLINGS],
    profile: Profile,
}

struct Inside<S> {
    scheduler: S,
    random: Random,
    awake: Vec<bool>,
}

impl<S: Hierarchical> Inside<S> {
    fn new(scheduler: S, seed: u64) -> Self {
        Self { scheduler, random: Random::new(seed), awake: alloc::vec![false; LEAVES] }
    }

    fn begin(&mut self, weights: &[u32], most: u64) {
        let scheduler = &mut self.scheduler;
        scheduler.add_group(0, None, weights[SIBLINGS]);
        scheduler.add_group(1, Some(0), weight(&mut self.random, most));
        for (entity, &weight) in weights[..SIBLINGS].iter().enumerate() {
            scheduler.add(entity, weight);
        }
        for leaf in 0..LEAVES {
            let weight = weight(&mut self.random, most);
            scheduler.add_to(usize::from(leaf > 2), SIBLINGS + leaf, weight);
        }
        self.wake(0);
    }

    fn wake(&mut self, leaf: usize) {
        if !core::mem::replace(&mut self.awake[leaf], true) {
            self.scheduler.wake(SIBLINGS + leaf);
        }
    }

    /// Whether somebody in the group would be left if this one slept.
    fn dispensable(&self, leaf: usize) -> bool {
        self.awake[leaf] && self.awake.iter().filter(|&&awake| awake).count() > 1
    }

    /// Something happens inside the group.
    fn stir(&mut self, most: u64) {
        let leaf = self.random.index(LEAVES);
        match self.random.below(6) {
            0 | 1 => self.wake(leaf),
            2 if self.dispensable(leaf) => {
                self.awake[leaf] = false;
                self.scheduler.sleep(SIBLINGS + leaf);
            }
            3 => {
                let weight = weight(&mut self.random, most);
                if self.scheduler.can_reweight() {
                    self.scheduler.set_weight(SIBLINGS + leaf, weight);
                }
            }
            _ => {}
        }
    }

    /// The child of the root served, and the entity.
    fn pick(&mut self) -> Option<(Member, usize)> {
        let picked = self.scheduler.pick()?;
        let child = if picked < SIBLINGS { Member::Entity(picked) } else { Member::Group(0) };
        Some((child, picked))
    }

    fn charge(&mut self, picked: usize, used: u64, stays: bool) {
        let stays = match picked.checked_sub(SIBLINGS) {
            None => stays,
            Some(leaf) => {
                let stays = !self.dispensable(leaf) || !self.random.once_in(4);
                self.awake[leaf] = stays;
                stays
            }
        };
        self.scheduler.charge(picked, used, stays);
    }
}

impl<S: Hierarchical> Pair<S> {
    fn begin(&mut self) {
        let most = u64::from(self.profile.largest_weight).min(10);
        let weights: Vec<u32> = (0..=SIBLINGS).map(|_| weight(&mut self.outside, most)).collect();
        self.one.begin(&weights, most);
        self.other.begin(&weights, most);
    }

    fn turn(&mut self, turn: u64) -> Result<(), Violation> {
        let most = u64::from(self.profile.largest_weight);
        self.one.stir(most);
        self.other.stir(most);
        let sibling = self.outside.index(SIBLINGS);
        let event = self.outside.below(4);
        let weight = weight(&mut self.outside, most.min(10));
        let was_awake = self.awake[sibling];
        for scheduler in [&mut self.one.scheduler, &mut self.other.scheduler] {
            match event {
                0 if !was_awake => scheduler.wake(sibling),
                1 if was_awake => scheduler.sleep(sibling),
                2 if scheduler.can_reweight() => scheduler.set_weight(sibling, weight),
                _ => {}
            }
        }
        match event {
            0 => self.awake[sibling] = true,
            1 => self.awake[sibling] = false,
            _ => {}
        }
        let (one, other) = (self.one.pick(), self.other.pick());
        let (Some((child, one)), Some((same, other))) = (one, other) else {
            return Err(Violation::Idle { entity: SIBLINGS });
        };
        if child != same {
            return Err(Violation::Isolation { turn, one: child, other: same });
        }
        let used = 1 + self.outside.below(self.profile.largest_charge.min(20));
        let stays = !self.outside.once_in(8);
        if let Member::Entity(entity) = child {
            self.awake[entity] = stays;
        }
        self.one.charge(one, used, stays);
        self.other.charge(other, used, stays);
        Ok(())
    }
}

fn weight(random: &mut Random, most: u64) -> u32 {
    u32::try_from(1 + random.below(most)).unwrap_or(1)
}
