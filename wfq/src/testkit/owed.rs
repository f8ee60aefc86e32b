use alloc::vec;
use alloc::vec::Vec;

use super::{Law, Member, Profile, Violation};

/// What EEVDF owes to everybody, followed from outside: from who came, went, was reweighted and
/// charged.
///
/// It keeps what the [reference](crate::reference) defines, and rounds where that does: service in
/// whole [`UNIT`]s, `V = v0 + sum / weights`, and the lag of whoever leaves. What a scheduler rounds
/// otherwise goes into `doubt`. *Complexity:* O(n), n being all nodes; nothing is allocated.
#[derive(Clone, Debug)]
pub(super) struct Owed {
    profile: Profile,
    request: u64,
    nodes: Vec<Node>,
    contests: Vec<Contest>,
    /// The largest lag in phases that began without any, in thousandths of a request.
    pub(super) farthest: u128,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    member: Member,
    contest: usize,
    weight: i128,
    runs: bool,
    /// Runnable: what it has received beyond `v0` times its weight. Else: what it is owed.
    kept: i128,
    /// The most by which its lag may be otherwise in a scheduler that rounds otherwise.
    doubt: i128,
    /// The most that it may be owed until somebody comes, goes or changes weight.
    ceiling: i128,
    /// Of its request, what is left.
    left: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Contest {
    /// Of those that are runnable: what they have received, and their weights.
    sum: i128,
    weights: i128,
    /// The ceilings have to be worked out anew.
    stale: bool,
    /// Nobody was owed anything when they were last worked out.
    even: bool,
    /// What is owed cannot be known from outside.
    lost: bool,
    /// How many were released at once.
    released: u32,
    history: History,
}

/// What ever happened in a contest.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
enum History {
    #[default]
    Nothing,
    /// Nothing but service.
    Service,
    /// Weights changed since.
    Weights,
    /// Somebody came or went since.
    Members,
}

/// Lag is kept in this part of a unit of service.
const UNIT: i128 = 1 << crate::reference::RESOLUTION_BITS;

impl Contest {
    /// Somebody comes, goes or changes weight.
    fn disturb(&mut self, by: History) {
        self.stale = true;
        if self.history > History::Nothing {
            self.history = self.history.max(by);
        }
    }
}

impl Owed {
    pub(super) fn new(profile: Profile, request: u64, nodes: usize, contests: usize) -> Self {
        let nobody = Node {
            member: Member::Entity(usize::MAX),
            contest: 0,
            weight: 1,
            runs: false,
            kept: 0,
            doubt: 0,
            ceiling: 0,
            left: request,
        };
        let contest = Contest { stale: true, ..Contest::default() };
        Self {
            profile,
            request,
            nodes: vec![nobody; nodes],
            contests: vec![contest; contests],
            farthest: 0,
        }
    }

    /// A new node, not runnable, owed nothing.
    pub(super) fn add(&mut self, node: usize, member: Member, contest: usize, weight: u32) {
        self.nodes[node] = Node {
            member,
            contest,
            weight: weight.into(),
            runs: false,
            kept: 0,
            doubt: 0,
            ceiling: 0,
            left: self.request,
        };
    }

    /// What a slice can use of the request of the node.
    pub(super) fn slice(&self, node: usize) -> u64 {
        self.nodes[node].left
    }

    /// The node becomes runnable, or is released: it is owed what it was, unless nobody is there to
    /// owe it.
    pub(super) fn enter(&mut self, node: usize) {
        let at = self.nodes[node].contest;
        self.contests[at].disturb(History::Members);
        self.contests[at].released += 1;
        self.normalise(at);
        let Contest { sum, weights, lost, .. } = self.contests[at];
        let rounding = self.rounding();
        let known = &mut self.nodes[node];
        (known.runs, known.left) = (true, self.request);
        if lost {
            return;
        }
        let (weight, lag) = (known.weight, known.kept);
        if weights == 0 {
            (known.kept, known.doubt) = (0, 0);
        } else {
            // Joining moves V towards it, so it starts further away.
            let (whole, part) = ((sum - lag).div_euclid(weights), (sum - lag).rem_euclid(weights));
            known.kept = whole * weight + (weight * part).div_euclid(weights) - lag;
            known.doubt += rounding;
            let doubt = known.doubt;
            self.doubt(at, node, doubt, weights);
        }
        let received = self.nodes[node].kept;
        let contest = &mut self.contests[at];
        (contest.sum, contest.weights) = (sum + received, weights + weight);
        self.normalise(at);
    }

    /// The node falls asleep or is throttled: it keeps what it is owed.
    pub(super) fn leave(&mut self, node: usize) {
        let at = self.nodes[node].contest;
        self.contests[at].disturb(History::Members);
        self.normalise(at);
        if core::mem::replace(&mut self.nodes[node].runs, false) && self.contests[at].lost {
            return;
        }
        let lag = self.lag(node);
        let Node { weight, kept: received, doubt, .. } = self.nodes[node];
        let contest = &mut self.contests[at];
        (contest.sum, contest.weights) = (contest.sum - received, contest.weights - weight);
        let weights = contest.weights;
        let rounding = self.rounding();
        let known = &mut self.nodes[node];
        (known.runs, known.kept, known.doubt) = (false, lag, doubt + rounding);
        if weights == 0 {
            self.contests[at].sum = 0;
        } else {
            self.doubt(at, node, doubt, weights);
            self.normalise(at);
        }
        self.lose_if_large(at, lag.abs() + weight);
    }

    /// The node keeps what it has received beyond `v0`: its lag, that is, and everybody else's.
    pub(super) fn set_weight(&mut self, node: usize, weight: u32) {
        let Node { contest: at, weight: before, runs, kept: received, .. } = self.nodes[node];
        self.nodes[node].weight = weight.into();
        if !runs || self.contests[at].lost {
            return;
        }
        let contest = &mut self.contests[at];
        contest.disturb(History::Weights);
        let (sum, old) = (contest.sum, contest.weights);
        contest.weights += i128::from(weight) - before;
        let new = contest.weights;
        let rounding = self.rounding();
        if rounding > 0 {
            // v0 stays and not V, so that the way back is exact: the lags of all move a little.
            for other in 0..self.nodes.len() {
                if !self.runs_in(other, at) {
                    continue;
                }
                let known = &mut self.nodes[other];
                let was = if other == node { before } else { known.weight };
                let scaled = (known.weight * old - was * new).abs();
                known.doubt += sum.abs() * scaled / (old * new) + 1 + rounding;
            }
        }
        self.lose_if_large(at, received.abs());
    }

    /// A runnable node, in service until now, used `used`.
    pub(super) fn charge(&mut self, node: usize, used: u64) -> Result<(), Violation> {
        let Node { contest: at, left, .. } = self.nodes[node];
        self.nodes[node].left = if used < left { left - used } else { self.request };
        let contest = &mut self.contests[at];
        contest.history = contest.history.max(History::Service);
        if contest.lost {
            return Ok(());
        }
        contest.stale |= used > left;
        contest.sum += i128::from(used) * UNIT;
        self.nodes[node].kept += i128::from(used) * UNIT;
        self.normalise(at);
        if self.contests[at].stale { Ok(()) } else { self.check_ceilings(at) }
    }

    /// A node is picked, of those of which `waits` is true: it is owed something, or nothing either
    /// way, if any of them is.
    pub(super) fn pick(
        &mut self,
        node: usize,
        waits: impl Fn(usize) -> bool,
    ) -> Result<(), Violation> {
        let at = self.nodes[node].contest;
        self.normalise(at);
        let contest = self.contests[at];
        if contest.lost {
            return Ok(());
        }
        // With several in service, no ceiling is known.
        if contest.stale && self.profile.in_service == 1 {
            self.set_ceilings(at);
        }
        let lag = self.lag(node);
        if lag + self.nodes[node].doubt >= 0 {
            return Ok(());
        }
        let is_owed = |&other: &usize| waits(other) && self.lag(other) >= self.nodes[other].doubt;
        let Some(owed) = self.running(at).find(is_owed) else { return Ok(()) };
        let [picked, owed] = [node, owed].map(|node| self.nodes[node].member);
        // If weights are all that ever changed, it is they that it did not keep the lag over.
        let violation = if contest.history == History::Weights {
            Violation::ForgottenLag { picked, lag, owed }
        } else {
            Violation::Ineligible { picked, lag, owed }
        };
        if self.profile.asks(violation.law()) { Err(violation) } else { Ok(()) }
    }

    /// Time passes.
    pub(super) fn begin_releases(&mut self) {
        self.contests.iter_mut().for_each(|contest| contest.released = 0);
    }

    /// Who is released first moves V for those that follow, and the order is the scheduler's affair.
    pub(super) fn end_releases(&mut self) {
        self.contests.iter_mut().for_each(|contest| contest.lost |= contest.released > 1);
    }

    /// V is V0 now, i is owed `lag_i'`, and P is what all those are owed that are owed anything. Later,
    /// `left` of a request of i is left, which is due at d: `lag_i = left + w_i (V - d)`.
    ///
    /// If a request due after d was served meanwhile, i was not eligible at that pick, and whoever was
    /// had nothing due by d. After the last such pick, at V1, only what is due by d is served, `W (d -
    /// V1)` at most; so i is owed less than a request.
    ///
    /// If none was, all that was served was due by d, of k at most `lag_k + w_k (d - V0)`, and not less
    /// than nothing. The sum gives `lag_i <= left + w_i (P - left) / W`, or `lag_i' + w_i (P - lag_i')
    /// / W` if d is before V0.
    fn set_ceilings(&mut self, at: usize) {
        let weights = self.contests[at].weights;
        let request = i128::from(self.request) * UNIT;
        let owed = |node: usize| (self.lag(node) + 1 + self.nodes[node].doubt).max(0);
        let even = self.running(at).all(|node| self.is_even(node));
        let all: i128 = if even { 0 } else { self.running(at).map(owed).sum() };
        for node in 0..self.nodes.len() {
            if !self.runs_in(node, at) {
                continue;
            }
            let Node { weight, doubt, .. } = self.nodes[node];
            let rest = ((all % weights) * weight + weights - 1) / weights;
            let meanwhile = all / weights * weight + rest;
            let due = (self.lag(node) + 1 + doubt).max(request.min(all));
            self.nodes[node].ceiling = (request - 1 + doubt).max(due + meanwhile);
        }
        (self.contests[at].stale, self.contests[at].even) = (false, even);
    }

    fn check_ceilings(&mut self, at: usize) -> Result<(), Violation> {
        let request = u128::from(self.request) * UNIT.unsigned_abs();
        for node in 0..self.nodes.len() {
            if !self.runs_in(node, at) {
                continue;
            }
            let Node { member, ceiling, .. } = self.nodes[node];
            let lag = self.lag(node);
            if self.contests[at].even && at == 0 {
                // Rounded towards zero.
                let off = (lag + i128::from(lag < 0)).unsigned_abs();
                self.farthest = self.farthest.max(off * 1000 / request);
            }
            if lag > ceiling && self.profile.asks(Law::Lag) {
                return Err(Violation::Owed { member, lag, bound: ceiling });
            }
        }
        Ok(())
    }

    /// `w_i (V - v_i)`, rounded down.
    fn lag(&self, node: usize) -> i128 {
        let Node { contest, weight, kept: received, .. } = self.nodes[node];
        let Contest { sum, weights, .. } = self.contests[contest];
        sum.div_euclid(weights) * weight + (sum.rem_euclid(weights) * weight).div_euclid(weights)
            - received
    }

    fn is_even(&self, node: usize) -> bool {
        let Node { contest, weight, kept: received, doubt, .. } = self.nodes[node];
        let Contest { sum, weights, .. } = self.contests[contest];
        doubt == 0 && self.lag(node) == 0 && (sum * weight - received * weights) == 0
    }

    /// Moves the whole part of V into `v0`.
    fn normalise(&mut self, at: usize) {
        let Contest { sum, weights, lost, .. } = self.contests[at];
        if lost || weights == 0 || (0..weights).contains(&sum) {
            return;
        }
        let whole = sum.div_euclid(weights);
        self.contests[at].sum = sum.rem_euclid(weights);
        for node in 0..self.nodes.len() {
            if self.runs_in(node, at) {
                self.nodes[node].kept -= whole * self.nodes[node].weight;
            }
        }
    }

    /// A doubt about one who comes or goes is one about those who owe it that, by weight.
    fn doubt(&mut self, at: usize, node: usize, doubt: i128, weights: i128) {
        // Errors grow with every one who comes and goes; beyond a request, they are all there is.
        self.contests[at].lost |= doubt > i128::from(self.request) * UNIT;
        if doubt == 0 || self.contests[at].lost {
            return;
        }
        for other in 0..self.nodes.len() {
            if other != node && self.runs_in(other, at) {
                let known = &mut self.nodes[other];
                known.doubt += (doubt / weights + 1) * known.weight;
            }
        }
    }

    /// What is more than the largest charge may be cut off.
    fn lose_if_large(&mut self, at: usize, lag: i128) {
        self.contests[at].lost |= lag >= i128::from(self.profile.largest_charge) * UNIT;
    }

    fn rounding(&self) -> i128 {
        self.profile.rounding.into()
    }

    fn runs_in(&self, node: usize, at: usize) -> bool {
        self.nodes[node].runs && self.nodes[node].contest == at
    }

    fn running(&self, at: usize) -> impl Iterator<Item = usize> {
        (0..self.nodes.len()).filter(move |&node| self.runs_in(node, at))
    }
}
