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
    let mut divider = Divider::default();
    if divider.divide(capacity, &wants, rules).is_err() {
        return Err(divider.overbooked(None, capacity, &wants, |at| at));
    }
    let explained = divider.explain(&wants, rules);
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
    /// The least it gets; at most `most`.
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
        let hard = claim.is_hard();
        let most = if hard { limit } else { limit.min(demand) };
        let reserved = reservation.min(most);
        let weight = claim.weight().get();
        Self { weight, hard, reserved, most, limited: limit < demand }
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
    /// What hard claims get; empty if there are none.
    fixed: Vec<u64>,
    scaled: bool,
}

impl Divider {
    /// Leaves what each gets in `allocations`.
    pub(crate) fn divide(
        &mut self,
        capacity: u64,
        wants: &[Want],
        rules: Rules,
    ) -> Result<(), Overbooked> {
        self.fixed.clear();
        self.level = None;
        if wants.iter().any(|want| want.hard) {
            self.fix(capacity, wants);
        }
        let reserved = self.reserved(wants);
        self.scaled = reserved > capacity.into();
        if self.scaled {
            if rules.overbooking == Overbooking::Refuse {
                return Err(Overbooked);
            }
            self.scale_down(capacity, wants);
            return Ok(());
        }
        let first = rules.reading == Reading::ReservationFirst;
        if self.fixed.is_empty() && !first {
            self.level = self.filler.fill(capacity, wants, &mut self.allocations);
            return Ok(());
        }
        // Who gets something for sure divides the rest without it.
        let Self { wants: others, units, fixed, filler, allocations, .. } = self;
        let sure = |at: usize, want: &Want| match want.hard {
            true => fixed[at],
            false if first => want.reserved,
            false => 0,
        };
        allocations.clear();
        allocations.extend(wants.iter().enumerate().map(|(at, want)| sure(at, want)));
        let rest = capacity - allocations.iter().sum::<u64>();
        others.clear();
        let soft = wants.iter().filter(|want| !want.hard);
        if first {
            let rest_of =
                |want: &Want| Want { reserved: 0, most: want.most - want.reserved, ..*want };
            others.extend(soft.map(rest_of));
        } else {
            others.extend(soft);
        }
        self.level = filler.fill(rest, others, units);
        let soft = allocations.iter_mut().zip(wants).filter(|(_, want)| !want.hard);
        for ((allocation, _), units) in soft.zip(units) {
            *allocation += *units;
        }
        Ok(())
    }

    /// The hard allocations: shares of the whole by weight alone.
    fn fix(&mut self, capacity: u64, wants: &[Want]) {
        self.wants.clear();
        self.wants.extend(wants.iter().map(|want| Want { reserved: 0, most: u64::MAX, ..*want }));
        self.filler.fill(capacity, &self.wants, &mut self.fixed);
        for (fixed, want) in self.fixed.iter_mut().zip(wants) {
            *fixed = if want.hard { (*fixed).clamp(want.reserved, want.most) } else { 0 };
        }
    }

    /// What is reserved or hard, of one claim.
    fn reserved_by(&self, at: usize, want: &Want) -> u64 {
        if want.hard { self.fixed[at] } else { want.reserved }
    }

    fn reserved(&self, wants: &[Want]) -> u128 {
        let each = wants.iter().enumerate().map(|(at, want)| self.reserved_by(at, want));
        each.map(u128::from).sum()
    }

    fn scale_down(&mut self, capacity: u64, wants: &[Want]) {
        let mut scaled = core::mem::take(&mut self.wants);
        scaled.clear();
        scaled.extend(wants.iter().enumerate().map(|(at, want)| Want {
            reserved: 0,
            most: self.reserved_by(at, want),
            ..*want
        }));
        self.filler.fill(capacity, &scaled, &mut self.allocations);
        self.wants = scaled;
    }

    /// What each gets, and what holds it there.
    pub(crate) fn explain<'a>(
        &'a self,
        wants: &'a [Want],
        rules: Rules,
    ) -> impl Iterator<Item = (u64, Bound)> + 'a {
        let level = self.level(wants, rules);
        let each = self.allocations.iter().zip(wants);
        each.map(move |(&allocation, want)| (allocation, want.bound(allocation, level)))
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

    /// The error that names those with reservations. `name` gives the number of each.
    pub(crate) fn overbooked(
        &self,
        group: Option<usize>,
        capacity: u64,
        wants: &[Want],
        name: impl Fn(usize) -> usize,
    ) -> Error {
        let reserved = self.reserved(wants);
        let with = |(at, want): &(usize, &Want)| self.reserved_by(*at, want) > 0;
        let claims = wants.iter().enumerate().filter(with).map(|(at, _)| name(at)).collect();
        Error::Overbooked { group, capacity, reserved, claims }
    }
}
