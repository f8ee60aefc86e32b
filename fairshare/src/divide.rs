//! One capacity among siblings: hard allocations, reservations, and the rest by weight.

use alloc::vec::Vec;

use crate::fill::{Bid, Filler};
use crate::share::Level;
use crate::{Bound, Claim, Error, Overbooking, Reading, Rules, Share};

/// Divides a capacity among claims, in whole units: `a_i = clamp(λ w_i, r_i, u_i)`, where `r_i` is
/// what is reserved, `u_i` the lesser of limit and demand, and the level `λ` such that all together
/// get `min(capacity, sum of u_i)` exactly.
///
/// Units go one by one to the claim for which `(2 a_i + 1) / (2 w_i)` is least: the divisor method
/// of Sainte-Laguë. So the list of the `(2 a_i + 1) / (2 w_i)`, sorted, is the greatest possible in
/// lexicographic order, which is max–min fairness with each unit counted at its middle; more
/// capacity never takes a unit from anybody, and another claim never gives one to anybody.
///
/// Hard claims come first: their weight's share of the whole among all claims, by the same method,
/// kept within reservation and limit. The others divide what is left.
///
/// *Ties*: the lighter claim first, then in order. *Complexity*: linear time and memory; eight or ten
/// passes, as a rule.
///
/// *Source*: D. Bertsekas, R. Gallager, "Data Networks", section 6.5 (max–min fairness); M. L.
/// Balinski, H. P. Young, "Fair Representation", 1982 (divisor methods).
///
/// ```
/// use apportion_fairshare::{Bound, Claim, Rules, Weight, divide};
///
/// let [one, two] = [1, 2].map(|weight| Claim::new(Weight::new(weight).unwrap()));
/// let shares = divide(100, &[one, two.limited_to(30), one.reserving(40)], Rules::default())?;
/// assert_eq!(shares.iter().map(|share| share.allocation).collect::<Vec<_>>(), [30, 30, 40]);
/// let bounds: Vec<Bound> = shares.iter().map(|share| share.bound).collect();
/// assert_eq!(bounds, [Bound::Weight, Bound::Limit, Bound::Reservation]);
/// # Ok::<(), apportion_fairshare::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::ReservationAboveLimit`], [`Error::Overbooked`] unless that is to be scaled down, and
/// [`Error::TooManyClaims`].
pub fn divide(capacity: u64, claims: &[Claim], rules: Rules) -> Result<Vec<Share>, Error> {
    if u32::try_from(claims.len()).is_err() {
        return Err(Error::TooManyClaims);
    }
    let mut wants = Vec::with_capacity(claims.len());
    for (number, claim) in claims.iter().enumerate() {
        claim.checked(number)?;
        wants.push(Want::of(claim));
    }
    if claims.iter().any(Claim::is_hard) {
        let weights: Vec<ByWeight> = claims.iter().map(ByWeight::of).collect();
        let mut units = Vec::new();
        Filler::default().fill(capacity, &weights, &mut units);
        for ((want, claim), units) in wants.iter_mut().zip(claims).zip(units) {
            if claim.is_hard() {
                *want = Want::hard(claim, units);
            }
        }
    }
    let mut divider = Divider::default();
    if divider.divide(capacity, &wants, &[], rules).is_err() {
        return Err(overbooked(None, capacity, &wants, |at| at));
    }
    let explained = divider.explain(&wants, &[], rules);
    let shares = explained.zip(claims).map(|((allocation, bound), claim)| {
        let used = allocation.min(claim.demand());
        Share { allocation, used, wasted: allocation - used, bound }
    });
    Ok(shares.collect())
}

/// What a claim comes to among its siblings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Want {
    pub(crate) weight: u32,
    pub(crate) hard: bool,
    /// The least it gets, with what is hard; at most `most`.
    pub(crate) reserved: u64,
    /// What it may get and could use.
    pub(crate) most: u64,
    /// Whether its limit, and not its demand, makes `most` what it is.
    pub(crate) limited: bool,
}

impl Want {
    pub(crate) fn of(claim: &Claim) -> Self {
        Self::within(claim, claim.reservation(), claim.demand())
    }

    /// With another reservation and another demand, which members make.
    pub(crate) fn within(claim: &Claim, reservation: u64, demand: u64) -> Self {
        let limit = claim.limit();
        let most = limit.min(demand);
        let reserved = reservation.min(most);
        let weight = claim.weight().get();
        Self { weight, hard: false, reserved, most, limited: limit < demand }
    }

    /// Of a hard claim with such a share of the whole by weight.
    pub(crate) fn hard(claim: &Claim, share: u64) -> Self {
        let fixed = share.clamp(claim.reservation(), claim.limit());
        let weight = claim.weight().get();
        Self { weight, hard: true, reserved: fixed, most: fixed, limited: false }
    }

    /// What holds an allocation where it is. The level tells whether a reservation is more than the
    /// share by weight; without one, it is.
    pub(crate) fn bound(&self, allocation: u64, level: Option<Level>) -> Bound {
        if self.hard {
            return Bound::Hard;
        }
        if allocation == self.most {
            return if self.limited { Bound::Limit } else { Bound::Demand };
        }
        if allocation > 0 && allocation == self.reserved {
            let last = Level::of_last(allocation, self.weight);
            if level.is_none_or(|level| last > level) {
                return Bound::Reservation;
            }
        }
        Bound::Weight
    }
}

impl Bid for Want {
    fn weight(&self) -> u32 {
        self.weight
    }

    fn floor(&self) -> u64 {
        self.reserved
    }

    fn ceiling(&self) -> u64 {
        self.most
    }
}

/// One that wants everything and has no bounds: for shares of a whole by weight alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByWeight(u32);

impl ByWeight {
    pub(crate) fn of(claim: &Claim) -> Self {
        Self(claim.weight().get())
    }
}

impl Bid for ByWeight {
    fn weight(&self) -> u32 {
        self.0
    }

    fn floor(&self) -> u64 {
        0
    }

    fn ceiling(&self) -> u64 {
        u64::MAX
    }
}

/// More is reserved than there is.
pub(crate) struct Overbooked;

/// Memory that is used again, and the last division.
#[derive(Clone, Debug, Default)]
pub(crate) struct Divider {
    filler: Filler,
    /// Other terms for the same claims.
    wants: Vec<Want>,
    units: Vec<u64>,
    /// What each gets.
    pub(crate) allocations: Vec<u64>,
    /// The last unit handed out above a reservation, if it is at hand.
    level: Option<Level>,
    scaled: bool,
}

impl Divider {
    /// Leaves what each gets in `allocations`. What is hard inside groups is in `hard`, by claim;
    /// without groups it may be empty.
    pub(crate) fn divide(
        &mut self,
        capacity: u64,
        wants: &[Want],
        hard: &[u64],
        rules: Rules,
    ) -> Result<(), Overbooked> {
        self.level = None;
        self.scaled = reserved(wants) > capacity.into();
        if self.scaled {
            if rules.overbooking == Overbooking::Refuse {
                return Err(Overbooked);
            }
            self.wants.clear();
            let scaled = |want: &Want| Want { reserved: 0, most: want.reserved, ..*want };
            self.wants.extend(wants.iter().map(scaled));
            self.filler.fill(capacity, &self.wants, &mut self.allocations);
            return Ok(());
        }
        if rules.reading == Reading::FloorOfShare {
            self.level = self.filler.fill(capacity, wants, &mut self.allocations);
            return Ok(());
        }
        // What is hard inside a group is part of its share by weight, not of its reservation.
        let Self { wants: others, units, filler, allocations, .. } = self;
        let fixed = |at: usize, want: &Want| if want.hard { want.reserved } else { part(hard, at) };
        let each = || wants.iter().enumerate();
        allocations.clear();
        allocations.extend(each().map(|(at, want)| want.reserved - fixed(at, want)));
        let rest = capacity - allocations.iter().sum::<u64>();
        others.clear();
        others.extend(each().zip(&*allocations).map(|((at, want), first)| Want {
            reserved: fixed(at, want),
            most: want.most - first,
            ..*want
        }));
        filler.fill(rest, others, units);
        for (allocation, units) in allocations.iter_mut().zip(units) {
            *allocation += *units;
        }
        Ok(())
    }

    /// What each gets, and what holds it there.
    pub(crate) fn explain<'a>(
        &'a self,
        wants: &'a [Want],
        hard: &'a [u64],
        rules: Rules,
    ) -> impl Iterator<Item = (u64, Bound)> + 'a {
        let level = self.level(wants, rules);
        let each = self.allocations.iter().zip(wants).enumerate();
        each.map(move |(at, (&allocation, want))| {
            let bound = want.bound(allocation, level);
            let is_hard = allocation > 0 && allocation == part(hard, at);
            (allocation, if is_hard && bound != Bound::Weight { Bound::Hard } else { bound })
        })
    }

    /// The level, if it can tell a reservation from a share by weight: nothing was handed out below
    /// that which anybody has by its reservation alone.
    fn level(&self, wants: &[Want], rules: Rules) -> Option<Level> {
        if rules.reading == Reading::ReservationFirst || self.scaled {
            return None;
        }
        self.level.or_else(|| {
            if wants.iter().all(|want| want.reserved == 0) {
                return None;
            }
            let each = self.allocations.iter().zip(wants);
            let by_weight = each.filter(|(units, want)| !want.hard && **units > want.reserved);
            by_weight.map(|(units, want)| Level::of_last(*units, want.weight)).max()
        })
    }
}

/// The error that names those with reservations. `name` gives the number of each.
pub(crate) fn overbooked(
    group: Option<usize>,
    capacity: u64,
    wants: &[Want],
    name: impl Fn(usize) -> usize,
) -> Error {
    let with = wants.iter().enumerate().filter(|(_, want)| want.reserved > 0);
    let claims = with.map(|(at, _)| name(at)).collect();
    Error::Overbooked { group, capacity, reserved: reserved(wants), claims }
}

/// What is reserved or hard.
fn reserved(wants: &[Want]) -> u128 {
    wants.iter().map(|want| u128::from(want.reserved)).sum()
}

/// What is hard inside a claim.
fn part(hard: &[u64], at: usize) -> u64 {
    hard.get(at).copied().unwrap_or(0)
}
