mod checks;
mod counters;
mod grow;
mod limits;
mod several;
mod weights;

use alloc::vec;
use alloc::vec::Vec;

use super::beside::Beside;
use super::budget::Budget;
use super::episode::GROUPS;
use super::fairness::Fairness;
use super::owed::Owed;
use super::{Counter, Fault, Law, Operation, Profile, ProportionalShare, Subject, Violation};

/// Plays operations on a scheduler, skips what is not legal, and checks the laws after each.
///
/// It knows the tree, who sleeps, is queued or in service, and what the limits leave; it finds that
/// out from what it asked for and which entities were picked, and trusts nothing else that the
/// scheduler says, but for what is checked of counters. *Complexity:* a pick and a charge O(n) for
/// each group above the entity; with several in service, a pick O(n) for each group beside those,
/// too. No operation allocates.
#[derive(Clone, Debug)]
pub struct Driver<S> {
    profile: Profile,
    subject: S,
    /// A second one, that is to pick the same.
    witness: Option<S>,
    /// The entities, then the groups.
    nodes: Vec<Option<Node>>,
    groups: usize,
    in_service: Vec<usize>,
    fairness: Option<Fairness>,
    owed: Option<Owed>,
    beside: Option<Beside>,
    now: u64,
    limited: bool,
    idle: bool,
    virtual_time: Option<u128>,
    pub(super) played: u64,
    pub(super) picks: u64,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    parent: Option<usize>,
    weight: u32,
    state: State,
    /// Entities in it that are in service, or 1 if it is itself.
    serving: u32,
    /// Children that compete.
    competing: u32,
    competes: bool,
    budget: Option<Budget>,
    /// The largest charge so far.
    largest: u64,
    /// Its counter as last told, if nothing has happened since that may move it.
    told: Option<Counter>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Asleep,
    Queued,
    InService,
    Group,
}

impl Node {
    fn open(&self) -> bool {
        self.budget.is_none_or(|budget| budget.open())
    }

    fn runnable(&self) -> bool {
        if self.state == State::Group { self.competing > 0 } else { self.state != State::Asleep }
    }
}

impl<S: Subject> Driver<S> {
    /// A scheduler without entities, and what it is to keep.
    pub fn new(subject: S, profile: Profile) -> Self {
        let nodes = profile.entities + GROUPS;
        // What one long charge does to those beside it depends on who is in service with it.
        let fairness = (profile.in_service == 1).then(|| Fairness::new(profile, nodes, 1 + GROUPS));
        Self {
            virtual_time: subject.scheduler().virtual_time(),
            profile,
            subject,
            witness: None,
            nodes: vec![None; nodes],
            groups: 0,
            in_service: Vec::with_capacity(profile.in_service.min(profile.entities)),
            fairness,
            owed: profile
                .request()
                .filter(|_| profile.in_service == 1 || !S::OFFERS.groups)
                .map(|request| Owed::new(profile, request, nodes, 1 + GROUPS)),
            beside: (profile.in_service > 1 && profile.asks(Law::Pairwise))
                .then(|| Beside::new(profile.expected(), nodes)),
            now: 0,
            limited: false,
            idle: false,
            played: 0,
            picks: 0,
        }
    }

    /// The same operations on a second scheduler, which has to pick the same.
    #[must_use]
    pub fn with_witness(mut self, witness: S) -> Self {
        self.witness = Some(witness);
        self
    }

    /// The scheduler.
    pub fn subject(&self) -> &S {
        &self.subject
    }

    /// How many entities are in service.
    #[must_use]
    pub fn busy(&self) -> usize {
        self.in_service.len()
    }

    /// Whether the last pick found nobody.
    #[must_use]
    pub fn idle(&self) -> bool {
        self.idle
    }

    /// The time last told to the scheduler.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// The largest `S_i w_j - S_j w_i` seen, in thousandths of its bound: 1000 if it was reached.
    #[must_use]
    pub fn tightest(&self) -> u128 {
        let beside = self.beside.as_ref().map(|beside| beside.tightest);
        beside.or(self.fairness.as_ref().map(|fairness| fairness.tightest)).unwrap_or(0)
    }

    /// The largest distance from the share of all service seen in a steady phase, in thousandths of
    /// the largest charge, or of a request with EEVDF.
    #[must_use]
    pub fn farthest(&self) -> u128 {
        let owed = self.owed.as_ref().map(|owed| owed.farthest);
        owed.or(self.fairness.as_ref().map(|fairness| fairness.farthest)).unwrap_or(0)
    }

    /// Plays all of them.
    ///
    /// # Errors
    ///
    /// The first law broken.
    pub fn play_all(&mut self, operations: &[Operation]) -> Result<(), Violation> {
        operations.iter().try_for_each(|&operation| self.play(operation).map(drop))
    }

    /// Plays one operation, if it is legal; tells whether it was.
    ///
    /// # Errors
    ///
    /// The law that it broke.
    pub fn play(&mut self, operation: Operation) -> Result<bool, Violation> {
        let legal = match operation {
            Operation::Add { entity, group, weight } => self.add(entity, group, weight),
            Operation::AddGroup { parent, weight } => self.add_group(parent, weight),
            Operation::Remove { entity } => self.remove(entity),
            Operation::Wake { entity } => self.change(entity, State::Asleep, State::Queued),
            Operation::Sleep { entity } => self.change(entity, State::Queued, State::Asleep),
            Operation::SetWeight { entity, weight } => self.set_weight(entity, weight),
            Operation::SetGroupWeight { group, weight } => self.set_group_weight(group, weight),
            Operation::RoundTrip { entity, weight } => self.round_trip(entity, weight),
            Operation::Pick => self.pick()?,
            Operation::Charge { place, used, stays } => self.charge(place, used, stays)?,
            Operation::Limit { entity, quota, period, burst } => {
                self.entity(entity).is_some() && self.limit(entity, quota, period, burst)
            }
            Operation::LimitGroup { group, quota, period, burst } => {
                group < self.groups
                    && self.limit(self.profile.entities + group, quota, period, burst)
            }
            Operation::Advance { by } => self.advance(self.now.saturating_add(by))?,
            Operation::AdvanceToRelease => match self.due() {
                Some(due) => self.advance(due)?,
                None => false,
            },
        };
        self.played += u64::from(legal);
        self.idle &= !legal || operation == Operation::Pick;
        if legal && self.profile.asks(Law::Monotone) {
            self.check_virtual_time()?;
        }
        Ok(legal)
    }

    /// On both schedulers.
    fn tell(&mut self, tell: impl Fn(&mut S)) {
        tell(&mut self.subject);
        self.witness.as_mut().into_iter().for_each(tell);
    }

    fn tell_scheduler(&mut self, tell: impl Fn(&mut S::Scheduler)) {
        self.tell(|subject| tell(subject.scheduler_mut()));
    }

    fn entity(&self, entity: usize) -> Option<&Node> {
        self.nodes[..self.profile.entities].get(entity)?.as_ref()
    }

    fn node(&self, node: usize) -> &Node {
        self.nodes[node].as_ref().expect("known nodes only are in the tree")
    }

    fn node_mut(&mut self, node: usize) -> &mut Node {
        self.nodes[node].as_mut().expect("known nodes only are in the tree")
    }

    fn change(&mut self, entity: usize, from: State, to: State) -> bool {
        if self.entity(entity).is_none_or(|node| node.state != from) {
            return false;
        }
        self.node_mut(entity).state = to;
        self.settle(entity);
        self.tell_scheduler(|scheduler| match to {
            State::Asleep => scheduler.sleep(entity),
            _ => scheduler.wake(entity),
        });
        true
    }

    fn pick(&mut self) -> Result<bool, Violation> {
        if self.in_service.len() >= self.profile.in_service {
            return Ok(false);
        }
        let picked = self.subject.scheduler_mut().pick();
        if let Some(witness) = &mut self.witness {
            let other = witness.scheduler_mut().pick();
            if picked != other && self.profile.asks(Law::Determinism) {
                return Err(Violation::Undetermined { one: picked, other });
            }
        }
        self.picks += 1;
        self.idle = picked.is_none();
        let Some(picked) = picked else {
            self.check_idle()?;
            return Ok(true);
        };
        let fault = match self.entity(picked).map(|node| node.state) {
            Some(State::Queued) => None,
            Some(State::Asleep) => Some(Fault::Asleep),
            Some(State::InService) => Some(Fault::InService),
            Some(State::Group) | None => Some(Fault::Unknown),
        };
        if let Some(fault) = fault {
            return Err(Violation::Nonsense { picked, fault });
        }
        self.check_limits(picked)?;
        self.check_owed(picked)?;
        self.check_counters(picked)?;
        self.check_beside(picked)?;
        self.in_service.push(picked);
        self.node_mut(picked).state = State::InService;
        let mut next = Some(picked);
        while let Some(node) = next {
            self.node_mut(node).serving += 1;
            next = self.node(node).parent;
        }
        // One that broke a limit which nobody asked about would not compete.
        self.settle(picked);
        Ok(true)
    }

    fn charge(&mut self, place: usize, used: u64, stays: bool) -> Result<bool, Violation> {
        if self.in_service.is_empty() || !(1..=self.profile.largest_charge).contains(&used) {
            return Ok(false);
        }
        let place = place % self.in_service.len();
        let bearable = |budget: &Budget| budget.bears(used);
        if !self.path(self.in_service[place]).filter_map(|node| node.budget.as_ref()).all(bearable)
        {
            return Ok(false);
        }
        let entity = self.in_service.remove(place);
        let used = self.sliced(entity, used);
        let mut next = Some(entity);
        while let Some(node) = next {
            let known = self.node_mut(node);
            known.serving -= 1;
            known.largest = known.largest.max(used);
            next = known.parent;
            if let Some(budget) = &mut known.budget {
                budget.spend(used);
            }
            if let Some(fairness) = &mut self.fairness {
                fairness.charge(node, used)?;
            }
            if let Some(owed) = &mut self.owed {
                owed.charge(node, used)?;
            }
            if let Some(beside) = &mut self.beside {
                beside.charge(node, used);
            }
        }
        self.node_mut(entity).state = if stays { State::Queued } else { State::Asleep };
        self.settle(entity);
        self.tell_scheduler(|scheduler| scheduler.charge(entity, used, stays));
        self.check_growth(entity, used)?;
        Ok(true)
    }

    /// A charge that no request is as large as stays what it is; any other ends with the request.
    fn sliced(&self, entity: usize, used: u64) -> u64 {
        let within = self.profile.request().is_some_and(|request| used <= request);
        let slice = self.owed.as_ref().map(|owed| owed.slice(entity));
        slice.filter(|_| within).map_or(used, |slice| used.min(slice))
    }

    /// Lets those compete who may, from the node up to the root.
    fn settle(&mut self, node: usize) {
        let mut next = Some(node);
        while let Some(node) = next {
            let known = self.node_mut(node);
            next = known.parent;
            // What is in service when its budget ends stays until it is charged.
            let open = known.open() || known.serving > 0;
            let competes = known.runnable() && open;
            if competes == known.competes {
                continue;
            }
            (known.competes, known.told) = (competes, None);
            let throttled = known.runnable();
            if let Some(parent) = next {
                let parent = self.node_mut(parent);
                parent.competing =
                    if competes { parent.competing + 1 } else { parent.competing - 1 };
            }
            match &mut self.fairness {
                Some(fairness) if competes => fairness.enter(node),
                Some(fairness) => fairness.leave(node, throttled),
                None => {}
            }
            match &mut self.owed {
                Some(owed) if competes => owed.enter(node),
                Some(owed) => owed.leave(node),
                None => {}
            }
            if let Some(beside) = &mut self.beside {
                beside.forget(node);
            }
        }
    }
}
