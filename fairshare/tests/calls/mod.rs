//! Calls of everything that keeps state, made up from a few bytes, and what is to be expected of
//! them: for proptest and for the fuzzer.

use apportion_fairshare::{
    AccountId, Accounts, Claim, ClaimId, Cpus, Division, Error, HalfLife, NodeId, Overbooking,
    Reading, Rules, Share, Tree, Weight, divide,
};

/// Seven bytes of a call.
pub(crate) type Call = [u8; 7];

/// Plays calls on a division, a tree and accounts, and checks what comes of each.
pub(crate) fn play(setup: [u8; 3], calls: &[Call]) {
    let reading =
        if setup[0].is_multiple_of(2) { Reading::FloorOfShare } else { Reading::ReservationFirst };
    let half_life = HalfLife::new(amount(setup[2]).clamp(1, 1 << 40)).expect("in range");
    let mut played = Played {
        reading,
        division: Division::new(amount(setup[1]), reading),
        ids: Vec::new(),
        tree: Tree::new(),
        nodes: Vec::new(),
        accounts: Accounts::new(half_life),
        known: Vec::new(),
        now: 0,
    };
    for call in calls {
        played.call(*call);
    }
    played.divide_tree(amount(setup[1]));
    played.rank();
}

struct Played {
    reading: Reading,
    division: Division,
    /// Some have been removed.
    ids: Vec<ClaimId>,
    tree: Tree,
    nodes: Vec<NodeId>,
    accounts: Accounts,
    known: Vec<AccountId>,
    now: u64,
}

impl Played {
    fn call(&mut self, [kind, who, bytes @ ..]: Call) {
        let claim = claim(bytes);
        match kind {
            0..40 => {
                let before = self.shown();
                match self.division.add(claim) {
                    Ok(id) => self.ids.push(id),
                    Err(_) => assert_eq!(self.shown(), before),
                }
            }
            40..100 => self.on_claim(who, |division, id| division.set_claim(id, claim)),
            100..120 => self.on_claim(who, |division, id| division.remove(id).map(drop)),
            120..140 => {
                let before = self.shown();
                if self.division.set_capacity(amount(bytes[0])).is_err() {
                    assert_eq!(self.shown(), before);
                }
            }
            140..150 => {
                let text = serde_json::to_string(&self.division).expect("it can be saved");
                self.division = serde_json::from_str(&text).expect("it was saved");
                let text = serde_json::to_string(&self.accounts).expect("it can be saved");
                let restored: Accounts = serde_json::from_str(&text).expect("it was saved");
                assert_eq!(restored, self.accounts);
            }
            150..190 => {
                let parent = self.nodes.get(usize::from(who)).copied();
                if let Ok(node) = self.tree.add(parent, claim) {
                    self.nodes.push(node);
                }
            }
            190..195 => self.divide_tree(amount(bytes[0])),
            195..210 => {
                let parent = self.known.get(usize::from(who)).copied();
                let before = self.accounts.clone();
                match self.accounts.add(parent, claim.weight()) {
                    Ok(account) => self.known.push(account),
                    Err(_) => assert_eq!(self.accounts, before),
                }
            }
            210..245 => self.charge(who, amount(bytes[0]), amount(bytes[1]) % 1_000_000),
            245..250 => self.charge(who, amount(bytes[0]), amount(bytes[1])),
            _ => place(bytes),
        }
        if kind < 150 {
            self.check_division();
        }
    }

    fn shown(&self) -> String {
        format!("{:?}", self.division)
    }

    fn on_claim(
        &mut self,
        who: u8,
        call: impl FnOnce(&mut Division, ClaimId) -> Result<(), Error>,
    ) {
        let Some(&id) = self.ids.get(usize::from(who) % self.ids.len().max(1)) else { return };
        let known = self.division.claim(id).is_ok();
        let before = self.shown();
        match call(&mut self.division, id) {
            Ok(()) => assert!(known),
            Err(error) => {
                assert_eq!(self.shown(), before);
                assert_eq!(!known, error == Error::UnknownClaim { claim: id });
            }
        }
    }

    /// As all claims divided anew.
    fn check_division(&self) {
        let ids: Vec<ClaimId> = self.division.ids().collect();
        assert_eq!(ids.len(), self.division.len());
        let claims: Vec<Claim> =
            ids.iter().map(|id| self.division.claim(*id).expect("held")).collect();
        let rules = Rules::new(self.reading, Overbooking::Refuse);
        let expected = divide(self.division.capacity(), &claims, rules).expect("it was accepted");
        let found: Vec<Share> =
            ids.iter().map(|id| self.division.share(*id).expect("held")).collect();
        assert_eq!(found, expected);
        let sum: u64 = expected.iter().map(|share| share.allocation).sum();
        assert_eq!(self.division.left(), self.division.capacity() - sum);
    }

    /// Nobody has more than there is, or beyond its bounds, in any group.
    fn divide_tree(&self, capacity: u64) {
        for reading in [Reading::FloorOfShare, Reading::ReservationFirst] {
            for overbooking in [Overbooking::Refuse, Overbooking::ScaleDown] {
                let shares = match self.tree.divide(capacity, Rules::new(reading, overbooking)) {
                    Ok(shares) => shares,
                    Err(error) => {
                        assert!(matches!(error, Error::Overbooked { .. }), "{error}");
                        assert_eq!(overbooking, Overbooking::Refuse);
                        continue;
                    }
                };
                let mut left = vec![0; self.nodes.len()];
                let mut top = capacity;
                for node in &self.nodes {
                    let Share { allocation, used, wasted, .. } = shares[node.index()];
                    let claim = self.tree.claim(*node).expect("it is there");
                    assert!(allocation <= claim.limit() && used <= claim.demand());
                    assert_eq!(used + wasted, allocation);
                    left[node.index()] = allocation;
                    let parent = self.tree.parent(*node).expect("it is there");
                    let above = parent.map_or(&mut top, |parent| &mut left[parent.index()]);
                    *above = above.checked_sub(allocation).expect("no more than there is");
                }
            }
        }
    }

    /// With a time that may be before the last one.
    fn charge(&mut self, who: u8, passed: u64, amount: u64) {
        let Some(&account) = self.known.get(usize::from(who) % self.known.len().max(1)) else {
            return;
        };
        let now = if passed % 16 == 15 { passed } else { self.now.saturating_add(passed) };
        let before = self.accounts.clone();
        match self.accounts.charge(account, now, amount) {
            Ok(()) => {
                assert!(now >= self.now && self.accounts.usage(account).expect("known") >= amount);
                self.now = now;
            }
            Err(_) => assert_eq!(self.accounts, before),
        }
        assert_eq!(self.accounts.now(), self.now);
    }

    /// Ranks are those of the users, and keys do not depend on when one looks.
    fn rank(&mut self) {
        let ranks = self.accounts.fair_tree();
        let keys = self.accounts.classic();
        assert_eq!((ranks.len(), keys.len()), (self.known.len(), self.known.len()));
        let users = ranks.iter().filter(|rank| **rank > 0).count();
        assert!(ranks.iter().all(|rank| *rank as usize <= users));
        assert!(users == 0 || ranks.iter().any(|rank| *rank as usize == users));
        assert!(self.accounts.advance(u64::MAX).is_ok());
        assert_eq!(self.accounts.fair_tree().len(), ranks.len());
    }
}

/// Every part runs as long as it is to, no CPU runs two at a time, no part runs on two.
fn place([cpus, period, parts @ ..]: [u8; 5]) {
    let Ok(cpus) = Cpus::new(usize::from(cpus), amount(period)) else { return };
    let period = cpus.period();
    let parts = parts.map(|part| amount(part) % period.saturating_add(2));
    let Ok(runs) = cpus.place(&parts) else {
        let sum: u128 = parts.iter().map(|part| u128::from(*part)).sum();
        assert!(sum > cpus.capacity().into() || parts.iter().any(|part| *part > period));
        return;
    };
    for (part, length) in parts.iter().enumerate() {
        let of: Vec<_> = runs.iter().filter(|run| run.part == part).collect();
        assert_eq!(of.iter().map(|run| run.end - run.start).sum::<u64>(), *length);
        assert!(of.len() <= 2);
    }
    for (at, one) in runs.iter().enumerate() {
        assert!(one.start < one.end && one.end <= period && one.cpu < cpus.count());
        for other in &runs[..at] {
            if one.cpu == other.cpu || one.part == other.part {
                assert!(one.end <= other.start || other.end <= one.start);
            }
        }
    }
}

fn claim([weight, reservation, limit, demand, hard]: [u8; 5]) -> Claim {
    let weight = match weight {
        0..200 => u64::from(weight % 8) + 1,
        200..240 => u64::from(weight) * 1_000,
        _ => u64::from(u32::MAX) - u64::from(weight),
    };
    let mut claim = Claim::new(Weight::new(weight).expect("in range"));
    if reservation.is_multiple_of(4) {
        claim = claim.reserving(amount(reservation / 4) / 8);
    }
    if limit.is_multiple_of(2) {
        // Some are below the reservation.
        claim = claim.limited_to(amount(limit));
    }
    if demand.is_multiple_of(2) {
        claim = claim.demanding(amount(demand));
    }
    if hard > 230 { claim.hard() } else { claim }
}

/// Small ones, round ones, and the greatest.
fn amount(byte: u8) -> u64 {
    match byte {
        0..128 => byte.into(),
        128..200 => 1_000 * u64::from(byte - 127),
        200..255 => u64::MAX >> (byte - 200),
        255 => u64::MAX,
    }
}
