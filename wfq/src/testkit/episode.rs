use super::random::Random;
use super::{Operation, Profile};

/// What a scheduler offers besides shares, as far as the kit is told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Offers {
    /// Groups.
    pub groups: bool,
    /// Limits of entities, and of groups if there are any.
    pub limits: bool,
}

impl Offers {
    /// Groups or not, limits or not.
    ///
    /// ```
    /// use apportion_wfq::testkit::Offers;
    ///
    /// const OFFERS: Offers = Offers::new(false, true);
    /// assert!(OFFERS.limits && !OFFERS.groups);
    /// ```
    #[must_use]
    pub const fn new(groups: bool, limits: bool) -> Self {
        Self { groups, limits }
    }

    /// Groups and limits.
    #[must_use]
    pub const fn all() -> Self {
        Self::new(true, true)
    }
}

/// A very fast source of random operations: no allocation, a few nanoseconds for each.
///
/// A seed chooses what the episode is about: which weights and charges, how many entities, how
/// restless they are, whether there are groups and limits. A steady one adds entities, wakes them
/// and serves them. Operations are drawn blindly: a [`Driver`](super::Driver) skips those that are
/// not legal.
#[derive(Clone, Debug)]
pub struct Episode {
    random: Random,
    entities: usize,
    groups: usize,
    limits: bool,
    in_service: usize,
    weights: Sizes,
    charges: Sizes,
    /// One operation in so many is not a pick or a charge; none in a steady episode.
    calm: Option<u64>,
    /// Nobody comes or goes: only weights change.
    fickle: bool,
    /// One charge in so many is followed by sleep.
    naps: u64,
    /// Operations of the beginning that are still to come.
    begin: usize,
    length: u64,
}

/// From 1, at most as large as the profile allows.
#[derive(Clone, Copy, Debug)]
enum Sizes {
    Equal(u64),
    UpTo(u64),
    /// Every number of digits is as likely as any other.
    Logarithmic(u64),
    Extremes(u64),
}

impl Sizes {
    fn draw(self, random: &mut Random) -> u64 {
        match self {
            Self::Equal(size) => size,
            Self::UpTo(most) => 1 + random.below(most),
            Self::Logarithmic(most) => {
                let bits = random.below(u64::from(most.ilog2()) + 1);
                (1 + random.below(1 << bits)).min(most)
            }
            Self::Extremes(most) => {
                if random.once_in(2) {
                    1
                } else {
                    most
                }
            }
        }
    }

    fn weight(self, random: &mut Random) -> u32 {
        u32::try_from(self.draw(random)).unwrap_or(u32::MAX)
    }
}

/// Groups of an episode, at most.
pub(super) const GROUPS: usize = 4;

impl Episode {
    /// The episode of a seed: one in eight a steady one, one in which only weights change.
    #[must_use]
    pub fn new(seed: u64, profile: &Profile, offers: Offers) -> Self {
        let mut episode = Self::restless(seed, profile, offers);
        if seed.is_multiple_of(8) {
            episode.calm = None;
            episode.naps = u64::MAX;
            episode.groups = 0;
            episode.limits = false;
            episode.begin = 2 * episode.entities;
            episode.length = episode.length.clamp(1 << 9, 1 << 12);
        }
        if seed % 8 == 4 {
            episode.fickle = true;
            episode.naps = u64::MAX;
            episode.limits = false;
        }
        if profile.in_service > 1 && seed % 2 == 1 {
            episode.charges = Sizes::Equal(profile.expected().max(1));
        }
        // Above its request little is promised: in a quarter of the restless ones, anything goes.
        if let Some(request) = profile.request().filter(|_| seed % 8 != 1 && seed % 8 != 2) {
            episode.charges = match seed / 8 % 3 {
                0 => Sizes::Equal(request),
                1 => Sizes::UpTo(request),
                _ => Sizes::Logarithmic(request),
            };
        }
        episode
    }

    /// The restless episode of a seed.
    #[must_use]
    pub fn restless(seed: u64, profile: &Profile, offers: Offers) -> Self {
        let mut random = Random::new(seed);
        let (weight, charge) = (profile.largest_weight.into(), profile.largest_charge);
        let weights = match random.below(6) {
            0 => Sizes::Equal(1),
            1 => Sizes::Equal(weight),
            2 | 3 => Sizes::UpTo(weight.min(8)),
            4 => Sizes::Logarithmic(weight),
            _ => Sizes::Extremes(weight),
        };
        let charges = match random.below(6) {
            0 => Sizes::Equal(1),
            1 => Sizes::Equal(charge.min(1000)),
            2 | 3 => Sizes::UpTo(charge.min(8)),
            4 => Sizes::Logarithmic(charge.min(1 << 20)),
            _ => Sizes::Logarithmic(charge),
        };
        let groups = if offers.groups && random.once_in(2) { 1 + random.index(GROUPS) } else { 0 };
        let limits = offers.limits && random.once_in(2);
        let entities = 1 + random.index(profile.entities);
        Self {
            entities,
            groups,
            limits,
            in_service: profile.in_service,
            weights,
            charges,
            calm: Some([3, 8, 30, 200][random.index(4)]),
            fickle: false,
            naps: [3, 10, 100, u64::MAX][random.index(4)],
            begin: groups + 2 * entities,
            // Most are short, for there are many ways to begin.
            length: match random.below(64) {
                0 => 1 << 17,
                1..4 => 1 << 14,
                4..12 => 1 << 11,
                _ => 1 << (6 + random.below(4)),
            },
            random,
        }
    }

    /// How many operations it is to have.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The next operation. `busy` entities are in service; `idle` says that the last pick found
    /// nobody.
    pub fn next(&mut self, busy: usize, idle: bool) -> Operation {
        if self.begin > 0 {
            self.begin -= 1;
            return self.beginning();
        }
        match self.calm {
            Some(calm) if self.random.once_in(calm) => return self.disturbance(),
            Some(_) if idle && busy == 0 => return self.revival(),
            _ => {}
        }
        if busy == 0 || busy < self.in_service && self.random.once_in(2) {
            return Operation::Pick;
        }
        let stays = self.naps == u64::MAX || !self.random.once_in(self.naps);
        let used = self.charges.draw(&mut self.random);
        Operation::Charge { place: self.random.index(busy), used, stays }
    }

    /// Groups first, then each entity, awake.
    fn beginning(&mut self) -> Operation {
        let weight = self.weights.weight(&mut self.random);
        let Some(entity) = (2 * self.entities).checked_sub(self.begin + 1) else {
            return Operation::AddGroup { parent: self.group(), weight };
        };
        if entity % 2 == 0 {
            return Operation::Add { entity: entity / 2, group: self.group(), weight };
        }
        Operation::Wake { entity: entity / 2 }
    }

    /// Nobody may run: somebody wakes, or time passes.
    fn revival(&mut self) -> Operation {
        if self.limits && self.random.once_in(2) {
            return match self.random.below(4) {
                0 => Operation::Advance { by: self.random.below(4) },
                _ => Operation::AdvanceToRelease,
            };
        }
        Operation::Wake { entity: self.entity() }
    }

    fn disturbance(&mut self) -> Operation {
        let entity = self.entity();
        let weight = self.weights.weight(&mut self.random);
        match self.random.below(16) {
            kind if self.fickle && kind % 2 == 0 => Operation::RoundTrip { entity, weight },
            kind if self.fickle || kind == 7 => match self.group() {
                Some(group) => Operation::SetGroupWeight { group, weight },
                None => Operation::SetWeight { entity, weight },
            },
            0..5 => Operation::Wake { entity },
            5 | 6 => Operation::Sleep { entity },
            8 | 9 => Operation::RoundTrip { entity, weight },
            10 => Operation::Remove { entity },
            11 | 12 => Operation::Add { entity, group: self.group(), weight },
            _ if !self.limits => Operation::Wake { entity },
            13 => self.limit(entity),
            _ => Operation::Advance { by: self.random.below(12) },
        }
    }

    fn limit(&mut self, entity: usize) -> Operation {
        // Much more than a charge, so that one could make up for much of the time it was throttled.
        let times = 1 + self.random.below(32);
        let quota = self.charges.draw(&mut self.random).saturating_mul(times);
        let period = 1 + self.random.below(20);
        let burst = self.random.below(3).saturating_mul(quota);
        if let Some(group) = self.group() {
            return Operation::LimitGroup { group, quota, period, burst };
        }
        Operation::Limit { entity, quota, period, burst }
    }

    fn entity(&mut self) -> usize {
        self.random.index(self.entities)
    }

    fn group(&mut self) -> Option<usize> {
        (self.groups > 0 && !self.random.once_in(3)).then(|| self.random.index(self.groups))
    }
}
