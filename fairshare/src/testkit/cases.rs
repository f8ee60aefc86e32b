use std::boxed::Box;
use std::vec::Vec;

use proptest::prelude::*;
use quickcheck::{Arbitrary, Gen};

use crate::{Claim, Weight};

/// A seeded source of questions, each division with an answer: what is reserved is never more than
/// there is. Amounts come in all magnitudes, up to the whole of 64 bits.
#[derive(Clone, Debug)]
pub struct Cases {
    state: u64,
}

impl Cases {
    /// The same seed, the same questions.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A capacity, and up to `most` claims on it, none of them hard.
    pub fn division(&mut self, most: usize) -> (u64, Vec<Claim>) {
        let scale = [12, 1_000, 1 << 32, 1 << 60][self.below(4) as usize];
        self.division_of(most, scale)
    }

    /// One that the brute force can answer: up to four claims on up to twelve units.
    pub fn small(&mut self) -> (u64, Vec<Claim>) {
        let (capacity, claims) = self.division_of(4, 8);
        (capacity.min(12), if capacity > 12 { without_reservations(claims) } else { claims })
    }

    /// A capacity, and up to `most` nodes with the groups they are in, in half of the trees some of
    /// them hard. More may be reserved than a group may get, and with hard ones at the top, too.
    pub fn tree(&mut self, most: usize) -> (u64, Vec<(Option<usize>, Claim)>) {
        let question = self.division(most);
        self.grouped(question)
    }

    /// One with up to six nodes and twelve units: in many groups brute force can tell.
    pub fn small_tree(&mut self) -> (u64, Vec<(Option<usize>, Claim)>) {
        let (capacity, claims) = self.division_of(6, 8);
        self.grouped((capacity.min(12), claims))
    }

    fn grouped(
        &mut self,
        (capacity, claims): (u64, Vec<Claim>),
    ) -> (u64, Vec<(Option<usize>, Claim)>) {
        let hard = self.below(2) == 0;
        let deep = self.below(4) == 0;
        let mut nodes: Vec<(Option<usize>, Claim)> = Vec::with_capacity(claims.len());
        for (number, claim) in claims.into_iter().enumerate() {
            let parent = match self.below(3) {
                0 => None,
                _ if deep => number.checked_sub(1),
                _ => Some(self.below(number as u64) as usize).filter(|_| number > 0),
            };
            let hard = hard && self.below(6) == 0;
            nodes.push((parent, if hard { claim.hard() } else { claim }));
        }
        (capacity, nodes)
    }

    fn division_of(&mut self, most: usize, scale: u64) -> (u64, Vec<Claim>) {
        let count = 1 + self.below(most as u64);
        let greatest = [4, 1_000, u32::MAX.into()][self.below(3) as usize];
        let claims: Vec<Claim> =
            (0..count).map(|_| self.claim(greatest, scale, scale / count)).collect();
        let reserved: u64 =
            claims.iter().map(|claim| claim.reservation().min(claim.demand())).sum();
        let room = match self.below(4) {
            0 => scale / 4,
            1 => scale,
            _ => (scale / 2).saturating_mul(count),
        };
        (reserved.saturating_add(self.below(room.max(1))), claims)
    }

    fn claim(&mut self, greatest: u64, scale: u64, reserve: u64) -> Claim {
        let weight = Weight::new(1 + self.below(greatest)).unwrap_or(Weight::MIN);
        let mut claim = Claim::new(weight);
        if self.below(3) == 0 {
            claim = claim.reserving(self.below(reserve + 1));
        }
        if self.below(3) == 0 {
            claim = claim.limited_to(claim.reservation() + self.below(scale));
        }
        match self.below(8) {
            0 => claim.demanding(0),
            1 | 2 => claim.demanding(self.below(scale)),
            _ => claim,
        }
    }

    /// A number below `bound`; 0 if that is 0. Slightly uneven, which does not matter here.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(word ^ (word >> 31)) * u128::from(bound)) >> 64) as u64
    }
}

fn without_reservations(claims: Vec<Claim>) -> Vec<Claim> {
    claims.into_iter().map(|claim| claim.reserving(0)).collect()
}

/// A capacity and up to `most` claims on it, with an answer and none of them hard. Shrinks to fewer
/// claims without bounds.
pub fn claims(most: usize) -> impl Strategy<Value = (u64, Vec<Claim>)> {
    (amount(), proptest::collection::vec(claim(), 0..=most)).prop_map(|(capacity, claims)| {
        let reserved =
            claims.iter().map(|claim| u128::from(claim.reservation().min(claim.demand())));
        let feasible = reserved.sum::<u128>() <= capacity.into();
        (capacity, if feasible { claims } else { without_reservations(claims) })
    })
}

/// A capacity, and up to `most` nodes with the groups they are in, which come before them. Some are
/// hard, and more may be reserved than there is.
pub fn trees(most: usize) -> impl Strategy<Value = (u64, Vec<(Option<usize>, Claim)>)> {
    let hard = proptest::bool::weighted(0.1);
    let node = (proptest::option::weighted(0.7, any::<prop::sample::Index>()), claim(), hard);
    (amount(), proptest::collection::vec(node, 0..=most)).prop_map(|(capacity, nodes)| {
        let place =
            |(number, (parent, claim, hard)): (usize, (Option<prop::sample::Index>, _, _))| {
                let parent = parent.filter(|_| number > 0).map(|parent| parent.index(number));
                (parent, if hard { Claim::hard(claim) } else { claim })
            };
        (capacity, nodes.into_iter().enumerate().map(place).collect())
    })
}

fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0_u64..40, 2 => 0_u64..1_000, 1 => any::<u64>(), 1 => Just(u64::MAX)]
}

fn claim() -> impl Strategy<Value = Claim> {
    let weight = prop_oneof![6 => 1_u64..5, 2 => 1_u64..1_000, 1 => 1..=u64::from(u32::MAX)];
    let maybe = || proptest::option::weighted(0.3, amount());
    let reservation = proptest::option::weighted(0.3, prop_oneof![6 => 0_u64..6, 1 => amount()]);
    (weight, reservation, maybe(), maybe()).prop_map(|(weight, reservation, limit, demand)| {
        let mut claim = Claim::new(Weight::new(weight).unwrap_or(Weight::MIN));
        if let Some(reservation) = reservation {
            claim = claim.reserving(reservation);
        }
        if let Some(limit) = limit {
            claim = claim.limited_to(limit.max(claim.reservation()));
        }
        demand.map_or(claim, |demand| claim.demanding(demand))
    })
}

/// A capacity and claims on it, for quickcheck: see [`claims`].
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a question has no more parts")]
pub struct Claims {
    /// What there is to divide.
    pub capacity: u64,
    /// Who claims it.
    pub claims: Vec<Claim>,
}

/// A capacity and a tree of claims on it, for quickcheck: see [`Cases::tree`].
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a question has no more parts")]
pub struct Nodes {
    /// What there is to divide.
    pub capacity: u64,
    /// Who claims it, each with the group it is in.
    pub nodes: Vec<(Option<usize>, Claim)>,
}

impl Arbitrary for Claims {
    fn arbitrary(source: &mut Gen) -> Self {
        let (capacity, claims) = Cases::new(u64::arbitrary(source)).division(source.size());
        Self { capacity, claims }
    }

    /// Without one of the claims.
    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let Self { capacity, claims } = self.clone();
        Box::new((0..claims.len()).map(move |at| {
            let mut claims = claims.clone();
            claims.remove(at);
            Self { capacity, claims }
        }))
    }
}

impl Arbitrary for Nodes {
    fn arbitrary(source: &mut Gen) -> Self {
        let (capacity, nodes) = Cases::new(u64::arbitrary(source)).tree(source.size());
        Self { capacity, nodes }
    }

    /// Without the last nodes.
    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let Self { capacity, nodes } = self.clone();
        let count = nodes.len();
        Box::new(
            [count / 2, count.saturating_sub(1)]
                .into_iter()
                .filter(move |&kept| kept < count)
                .map(move |kept| Self { capacity, nodes: nodes[..kept].to_vec() }),
        )
    }
}
