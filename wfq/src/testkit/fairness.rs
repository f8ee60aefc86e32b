use alloc::vec;
use alloc::vec::Vec;

use super::profile::LagLaw;
use super::{Law, Member, Profile, Violation};

/// The laws of shares, checked from outside: from who runs, with which weight, and what it used.
///
/// Each node of the tree, be it an entity or a group, is measured against its siblings. For the
/// ordered pair (i, j), the largest rise of `S_i w_j - S_j w_i` that ends now is kept: it grows
/// when i is served, falls when j is, but not below 0, and starts again when an interval must end.
/// *Complexity:* a charge O(n), n being the siblings; nothing is allocated.
#[derive(Clone, Debug)]
pub(super) struct Fairness {
    profile: Profile,
    nodes: Vec<Node>,
    contests: Vec<Contest>,
    /// Rises while j, who is owed, stays runnable, whatever i does.
    rises: Vec<Rise>,
    /// Counts what happens, to tell what came first.
    moment: u64,
    /// Weights were set that no service has been measured by yet.
    reweighted: bool,
    /// Whether a law of pairs is asked for.
    pairs: bool,
    steady: Steady,
    /// The largest rise in thousandths of its bound.
    pub(super) tightest: u128,
    /// The largest lag in thousandths of the largest charge.
    pub(super) farthest: u128,
}

#[derive(Clone, Copy, Debug, Default)]
struct Rise {
    any: u128,
    /// The same, while i, too, stays runnable and nobody touches a weight.
    both: u128,
    /// When `any` last rose from 0.
    since: u64,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    member: Member,
    contest: usize,
    weight: u64,
    /// The weight that intervals are measured by.
    counted: u64,
    runs: bool,
    /// The largest charge so far.
    largest: u64,
    /// What its siblings received since it was last served or became runnable.
    waited: u128,
    /// What it received in this steady phase.
    received: u128,
    /// When it last fell asleep or was throttled, and which of them.
    left_at: u64,
    throttled: bool,
    /// When it was first served after that.
    resumed: u64,
}

#[derive(Clone, Debug, Default)]
struct Contest {
    members: Vec<usize>,
    /// Sums over all members, runnable or not.
    weights: u128,
    largest: u128,
}

/// Since the scheduler was made, nobody at the root came, went or changed its weight after the
/// first charge.
#[derive(Clone, Copy, Debug)]
struct Steady {
    holds: bool,
    begun: bool,
    received: u128,
    weights: u128,
    largest: u64,
}

impl Fairness {
    pub(super) fn new(profile: Profile, nodes: usize, contests: usize) -> Self {
        let nobody = Node {
            member: Member::Entity(usize::MAX),
            contest: 0,
            weight: 1,
            counted: 1,
            runs: false,
            largest: 0,
            waited: 0,
            received: 0,
            left_at: 0,
            throttled: false,
            resumed: 0,
        };
        let contest = || Contest { members: Vec::with_capacity(nodes), ..Contest::default() };
        Self {
            profile,
            nodes: vec![nobody; nodes],
            contests: (0..contests).map(|_| contest()).collect(),
            rises: vec![Rise::default(); nodes * nodes],
            moment: 1,
            reweighted: false,
            pairs: profile.asks(Law::Pairwise) || profile.asks(Law::FreeLunch),
            steady: Steady { holds: true, begun: false, received: 0, weights: 0, largest: 0 },
            tightest: 0,
            farthest: 0,
        }
    }
    /// A new node, not runnable.
    pub(super) fn add(&mut self, node: usize, member: Member, contest: usize, weight: u32) {
        let largest = self.profile.expected();
        let known = &mut self.nodes[node];
        *known = Node {
            member,
            contest,
            weight: weight.into(),
            counted: weight.into(),
            runs: false,
            largest,
            waited: 0,
            received: 0,
            left_at: 0,
            throttled: false,
            resumed: 0,
        };
        let contest = &mut self.contests[contest];
        contest.members.push(node);
        contest.weights += u128::from(weight);
        contest.largest += u128::from(largest);
        self.forget(node, |rise| *rise = Rise::default());
    }

    /// A node that is not runnable goes.
    pub(super) fn remove(&mut self, node: usize) {
        let gone = self.nodes[node];
        self.nodes[node].weight = gone.counted;
        let contest = &mut self.contests[gone.contest];
        contest.members.retain(|&member| member != node);
        contest.weights -= u128::from(gone.counted);
        contest.largest -= u128::from(gone.largest);
        // Those that wait may have waited for it.
        for &member in &contest.members {
            self.nodes[member].waited = 0;
        }
    }

    /// A node becomes runnable, or is released.
    pub(super) fn enter(&mut self, node: usize) {
        self.take_weights();
        self.nodes[node].runs = true;
        self.nodes[node].waited = 0;
        self.unsettle(node);
    }

    /// A node falls asleep or is throttled.
    pub(super) fn leave(&mut self, node: usize, throttled: bool) {
        // Without the node, others are owed by somebody else.
        self.take_weights();
        self.moment += 1;
        let left = &mut self.nodes[node];
        left.runs = false;
        (left.left_at, left.throttled) = (self.moment, throttled);
        let size = self.nodes.len();
        for at in 0..self.contests[self.nodes[node].contest].members.len() {
            let other = self.contests[self.nodes[node].contest].members[at];
            self.rises[other * size + node] = Rise::default();
            self.rises[node * size + other].both = 0;
        }
        self.unsettle(node);
    }

    pub(super) fn set_weight(&mut self, node: usize, weight: u32) {
        self.nodes[node].weight = weight.into();
        self.reweighted = true;
        self.forget(node, |rise| rise.both = 0);
    }

    /// Whatever happens at the root but service ends the steady phase, once it has begun.
    fn unsettle(&mut self, node: usize) {
        if self.nodes[node].contest == 0 && self.steady.begun {
            self.steady.holds = false;
        }
    }

    fn forget(&mut self, node: usize, forget: impl Fn(&mut Rise)) {
        let size = self.nodes.len();
        for &other in &self.contests[self.nodes[node].contest].members {
            forget(&mut self.rises[node * size + other]);
            forget(&mut self.rises[other * size + node]);
        }
    }

    /// Takes over the weights that were set since somebody was served, came or went: only now do
    /// they matter.
    fn take_weights(&mut self) {
        if !core::mem::replace(&mut self.reweighted, false) {
            return;
        }
        for node in 0..self.nodes.len() {
            let Node { weight, counted, contest, .. } = self.nodes[node];
            if weight == counted {
                continue;
            }
            self.nodes[node].counted = weight;
            self.forget(node, |rise| *rise = Rise::default());
            self.unsettle(node);
            let contest = &mut self.contests[contest];
            contest.weights = contest.weights + u128::from(weight) - u128::from(counted);
            for &member in &contest.members {
                self.nodes[member].waited = 0;
            }
        }
    }

    /// A runnable node, in service until now, used `used`.
    pub(super) fn charge(&mut self, node: usize, used: u64) -> Result<(), Violation> {
        self.moment += 1;
        self.take_weights();
        let served = &mut self.nodes[node];
        served.waited = 0;
        if served.resumed < served.left_at {
            served.resumed = self.moment;
        }
        let contest = &mut self.contests[served.contest];
        if used > served.largest {
            contest.largest += u128::from(used - served.largest);
            served.largest = used;
        }
        let served = *served;
        let size = self.nodes.len();
        let most = (contest.largest, contest.weights);
        for at in 0..contest.members.len() {
            let other = self.contests[served.contest].members[at];
            if other == node {
                continue;
            }
            let owed = &mut self.nodes[other];
            let rise = u128::from(used) * u128::from(owed.counted);
            let back = &mut self.rises[other * size + node];
            back.any = back.any.saturating_sub(rise);
            back.both = back.both.saturating_sub(rise);
            if !owed.runs {
                continue;
            }
            owed.waited += u128::from(used);
            let owed = *owed;
            let bound = u128::from(served.largest) * u128::from(owed.counted)
                + u128::from(owed.largest) * u128::from(served.counted);
            let forth = &mut self.rises[node * size + other];
            if forth.any == 0 {
                forth.since = self.moment;
            }
            forth.any += rise;
            forth.both += rise;
            let forth = *forth;
            self.check_wait(&owed, most)?;
            if self.pairs && forth.any * 1000 >= (self.tightest + 1) * bound {
                self.tightest = forth.any * 1000 / bound;
            }
            if forth.any > bound {
                self.unfair(&served, &owed, forth, bound)?;
            }
        }
        self.check_lag(node, used)
    }

    fn check_wait(&self, owed: &Node, most: (u128, u128)) -> Result<(), Violation> {
        let (largest, weights) = most;
        let (weight, own) = (u128::from(owed.counted), u128::from(owed.largest));
        let received = owed.waited * weight;
        let bound = (largest - own) * weight + own * (weights - weight);
        if received <= bound || !self.profile.asks(Law::Starvation) {
            return Ok(());
        }
        Err(Violation::Starvation { waiting: owed.member, received, bound })
    }

    /// Which of the laws it is: the one that says most, of those asked for.
    fn unfair(&self, i: &Node, j: &Node, rise: Rise, bound: u128) -> Result<(), Violation> {
        let (favoured, other, received) = (i.member, j.member, rise.any);
        // The rise has i's first service since it was out in it: so that counts as the reason.
        let back = i.resumed >= rise.since && i.left_at > 0;
        let violations = [
            (back && i.throttled, Violation::WindUp { favoured, other, received, bound }),
            (back && !i.throttled, Violation::FreeLunch { favoured, other, received, bound }),
            (
                rise.both > bound,
                Violation::Pairwise { favoured, other, received: rise.both, bound },
            ),
            // EEVDF has a law of its own for that.
            (
                rise.both <= bound && !back && self.profile.request().is_none(),
                Violation::Reweight { favoured, other, received, bound },
            ),
        ];
        let asked =
            |(holds, violation): &&(bool, Violation)| *holds && self.profile.asks(violation.law());
        violations.iter().find(asked).map_or(Ok(()), |&(_, violation)| Err(violation))
    }

    fn check_lag(&mut self, node: usize, used: u64) -> Result<(), Violation> {
        let steady = &mut self.steady;
        if !steady.holds || self.nodes[node].contest != 0 {
            return Ok(());
        }
        let members = &self.contests[0].members;
        let runnable = || members.iter().filter(|&&member| self.nodes[member].runs);
        if !steady.begun {
            steady.begun = true;
            steady.weights = runnable().map(|&member| u128::from(self.nodes[member].counted)).sum();
        }
        steady.received += u128::from(used);
        steady.largest = steady.largest.max(used);
        let Steady { received, weights, largest, .. } = *steady;
        self.nodes[node].received += u128::from(used);
        let charges = self.contests[0].largest;
        for &member in &self.contests[0].members {
            let i = &self.nodes[member];
            if !i.runs {
                continue;
            }
            let (weight, own) = (u128::from(i.counted), u128::from(i.largest));
            let (has, due) = (i.received * weights, received * weight);
            let off = has.abs_diff(due);
            let ahead = own * (weights - weight);
            let behind = weight * (charges - own);
            let bound = match self.profile.lag {
                LagLaw::SameStart if has > due => ahead,
                LagLaw::SameStart => behind,
                LagLaw::Pairs => ahead + behind,
                // Followed at all times, elsewhere.
                LagLaw::Request(_) => return Ok(()),
            };
            let quantum = u128::from(largest) * weights;
            if off * 1000 >= (self.farthest + 1) * quantum {
                self.farthest = off * 1000 / quantum;
            }
            if off > bound && self.profile.asks(Law::Lag) {
                let lag = has.cast_signed().wrapping_sub(due.cast_signed());
                let Member::Entity(entity) = i.member else { return Ok(()) };
                return Err(Violation::Lag { entity, lag, bound });
            }
        }
        Ok(())
    }
}
