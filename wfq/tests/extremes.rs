//! EEVDF with the largest charges, corrections and lags there are, against its definition in numbers
//! that do not go round: the same picks, and refused only what cannot be compared.

use apportion_wfq::{EntityId, Error, MAX_CHARGE, Member, Order, Scheduler, Then, Weight};
use proptest::prelude::*;

/// No two counters that compete are further apart.
const WIDEST: i128 = (1 << 63) - (1 << 20);

/// No lag that is kept is larger.
const MAX_LAG: i128 = (1 << 62) - 1;

const MOST: usize = 24;

/// All that competes is looked through at each call.
struct Model {
    members: Vec<Account>,
    /// Virtual time, rounded down, when it last changed.
    whole: i128,
}

struct Account {
    weight: i128,
    /// The counter times the weight.
    position: i128,
    lag: i128,
    request: i128,
    left: i128,
    competes: bool,
    in_service: bool,
}

impl Account {
    fn counter(&self) -> i128 {
        self.position.div_euclid(self.weight)
    }

    /// With what it breaks ties by.
    fn deadline(&self) -> (i128, i128) {
        let due = self.position + (self.left << 20);
        (due.div_euclid(self.weight), (due.rem_euclid(self.weight) << 32) / self.weight)
    }
}

impl Model {
    fn competing(&self) -> impl Iterator<Item = &Account> {
        self.members.iter().filter(|member| member.competes)
    }

    /// `(a, w)`: virtual time is `a / w`.
    fn sums(&self) -> (i128, i128) {
        self.competing().fold((0, 0), |(a, w), member| (a + member.position, w + member.weight))
    }

    fn moved(&mut self) {
        let (a, w) = self.sums();
        if w > 0 {
            self.whole = a.div_euclid(w);
        }
    }

    /// The least and the greatest counter of the others.
    fn others(&self, except: usize) -> Option<(i128, i128)> {
        let others = self.members.iter().enumerate().filter(|&(n, m)| n != except && m.competes);
        let counters: Vec<i128> = others.map(|(_, member)| member.counter()).collect();
        Some((*counters.iter().min()?, *counters.iter().max()?))
    }

    fn admits(&self, which: usize, service: i128) -> bool {
        let member = &self.members[which];
        let counter = (member.position + service).div_euclid(member.weight);
        self.others(which)
            .is_none_or(|(least, greatest)| counter.max(greatest) - counter.min(least) <= WIDEST)
    }

    /// Somebody is put at a position, or as close to it as can be compared.
    fn put(&mut self, which: usize, position: i128) {
        let others = self.others(which);
        let member = &mut self.members[which];
        member.position = position;
        if let Some((least, greatest)) = others {
            let counter = member.counter().clamp(greatest - WIDEST, least + WIDEST);
            if counter != member.counter() {
                member.position = counter * member.weight;
            }
        }
    }

    fn lag(&self, which: usize) -> i128 {
        let member = &self.members[which];
        let (a, w) = self.sums();
        if member.competes {
            (a * member.weight).div_euclid(w) - member.position
        } else {
            member.lag
        }
    }

    fn wake(&mut self, which: usize) {
        let (a, w) = self.sums();
        let Account { weight, lag, request, .. } = self.members[which];
        if w == 0 {
            self.put(which, self.whole * weight);
        } else {
            self.put(which, ((a - lag) * weight).div_euclid(w) - lag);
        }
        let member = &mut self.members[which];
        (member.left, member.competes) = (request, true);
        self.moved();
    }

    fn sleep(&mut self, which: usize) {
        let lag = self.lag(which).clamp(-MAX_LAG, MAX_LAG);
        let member = &mut self.members[which];
        (member.lag, member.competes) = (lag, false);
        if self.competing().count() == 0 {
            self.whole = self.members[which].counter();
        }
        self.moved();
    }

    fn reweight(&mut self, which: usize, weight: i128) {
        let whole = self.whole;
        let member = &mut self.members[which];
        let service = member.position - whole * member.weight;
        member.weight = weight;
        if member.competes {
            self.put(which, whole * weight + service.clamp(-MAX_LAG, MAX_LAG));
        }
    }

    fn pick(&mut self) -> Option<usize> {
        self.moved();
        let (a, w) = self.sums();
        let waits = |&which: &usize| {
            let member = &self.members[which];
            member.competes && !member.in_service
        };
        let waiting: Vec<usize> = (0..self.members.len()).filter(waits).collect();
        let is_owed = |&which: &usize| {
            let member = &self.members[which];
            member.position * w <= a * member.weight
        };
        let owed = waiting.iter().copied().filter(is_owed);
        let due = owed.min_by_key(|&which| (self.members[which].deadline(), which));
        let least = || {
            waiting.iter().copied().min_by(|&one, &other| {
                let (x, y) = (&self.members[one], &self.members[other]);
                (x.position * y.weight).cmp(&(y.position * x.weight)).then(one.cmp(&other))
            })
        };
        let picked = due.or_else(least)?;
        self.members[picked].in_service = true;
        Some(picked)
    }

    fn charge(&mut self, which: usize, used: i128) {
        let member = &mut self.members[which];
        member.left = if used < member.left { member.left - used } else { member.request };
        member.position += used << 20;
        member.in_service = false;
        self.moved();
    }

    fn correct(&mut self, which: usize, change: i128) {
        let member = &mut self.members[which];
        if member.competes {
            member.position += change << 20;
            self.moved();
        } else {
            member.lag = (member.lag - (change << 20)).clamp(-MAX_LAG, MAX_LAG);
        }
    }
}

#[derive(Clone, Debug)]
enum Call {
    Wake(usize),
    Sleep(usize),
    Reweight(usize, u32),
    Request(usize, u64),
    Pick,
    /// Of one in service, and whether it sleeps after that.
    Charge(usize, u64, bool),
    Correct(usize, u64, bool),
}

fn amounts() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => Just(MAX_CHARGE),
        2 => (0_u64..100).prop_map(|less| MAX_CHARGE - less),
        2 => 1_u64..100,
        3 => (0_u32..42, 1..=MAX_CHARGE).prop_map(|(bits, amount)| (amount >> bits).max(1)),
    ]
}

fn weights() -> impl Strategy<Value = u32> {
    prop_oneof![4 => Just(1), 2 => 1_u32..8, 1 => 1_u32..=1 << 20]
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        4 => (0..MOST).prop_map(Call::Wake),
        1 => (0..MOST).prop_map(Call::Sleep),
        1 => (0..MOST, weights()).prop_map(|(which, weight)| Call::Reweight(which, weight)),
        1 => (0..MOST, amounts()).prop_map(|(which, amount)| Call::Request(which, amount)),
        6 => Just(Call::Pick),
        6 => (0..MOST, amounts(), prop::bool::weighted(0.1))
            .prop_map(|(which, used, sleeps)| Call::Charge(which, used, sleeps)),
        4 => (0..MOST, amounts(), any::<bool>())
            .prop_map(|(which, amount, back)| Call::Correct(which, amount, back)),
    ];
    proptest::collection::vec(call, 0..200)
}

struct Pair {
    fast: Scheduler,
    slow: Model,
    entities: Vec<EntityId>,
    served: Vec<usize>,
}

impl Pair {
    fn new(start: u64, weights: &[u32]) -> Self {
        let mut fast = Scheduler::new(Order::Eevdf).starting_at(start);
        let entities = weights.iter().map(|&w| fast.add(Weight::new(w).unwrap()).unwrap());
        let entities = entities.collect();
        let members = weights.iter().map(|&weight| Account {
            weight: weight.into(),
            position: 0,
            lag: 0,
            request: 1,
            left: 1,
            competes: false,
            in_service: false,
        });
        let slow = Model { members: members.collect(), whole: start.into() };
        Self { fast, slow, entities, served: Vec::new() }
    }

    /// Whether it is neither in service nor doing already what it is told to.
    fn may(&self, which: usize, competes: bool) -> bool {
        let member = &self.slow.members[which];
        !member.in_service && member.competes == competes
    }

    fn play(&mut self, call: &Call) {
        match *call {
            Call::Wake(which) if self.may(which, false) => {
                self.fast.wake(self.entities[which]).unwrap();
                self.slow.wake(which);
            }
            Call::Sleep(which) if self.may(which, true) => {
                self.fast.sleep(self.entities[which]).unwrap();
                self.slow.sleep(which);
            }
            Call::Reweight(which, weight) => {
                let entity = self.entities[which];
                self.fast.set_weight(entity, Weight::new(weight).unwrap()).unwrap();
                self.slow.reweight(which, weight.into());
            }
            Call::Request(which, amount) => {
                let entity = self.entities[which];
                self.fast.set_request(entity, amount.try_into().unwrap()).unwrap();
                self.slow.members[which].request = amount.into();
            }
            Call::Pick => {
                let picked = self.fast.pick().map(|pick| pick.entity.index());
                assert_eq!(picked, self.slow.pick());
                self.served.extend(picked);
            }
            Call::Charge(nth, used, sleeps) if !self.served.is_empty() => {
                let nth = nth % self.served.len();
                let which = self.served[nth];
                let then = if sleeps { Then::Sleep } else { Then::Requeue };
                let said = self.fast.charge(self.entities[which], used, then);
                if self.judge(which, i128::from(used) << 20, used, said) {
                    self.served.swap_remove(nth);
                    self.slow.charge(which, used.into());
                    if sleeps {
                        self.slow.sleep(which);
                    }
                }
            }
            Call::Correct(which, amount, back) if !self.slow.members[which].in_service => {
                let entity = self.entities[which];
                let (charged, used) = if back { (amount, 0) } else { (0, amount) };
                let change = i128::from(used) - i128::from(charged);
                let said = self.fast.correct(entity, charged, used);
                if !self.slow.members[which].competes {
                    assert_eq!(said, Ok(()));
                    self.slow.correct(which, change);
                } else if self.judge(which, change << 20, amount, said) {
                    self.slow.correct(which, change);
                }
            }
            _ => {}
        }
        self.compare();
    }

    /// Whether it was admitted, as it has to be if all counters stay comparable, and only then.
    fn judge(&self, which: usize, service: i128, used: u64, said: Result<(), Error>) -> bool {
        let member = Member::Entity(self.entities[which]);
        let admitted = self.slow.admits(which, service);
        assert_eq!(said, if admitted { Ok(()) } else { Err(Error::SpanExceeded { member, used }) });
        admitted
    }

    fn compare(&self) {
        let (a, w) = self.slow.sums();
        let time = if w == 0 { self.slow.whole } else { a.div_euclid(w) };
        assert_eq!(self.fast.virtual_time(None), Ok(on_circle(time)));
        for (which, member) in self.slow.members.iter().enumerate() {
            let entity = self.entities[which];
            assert_eq!(self.fast.lag(entity), Ok(self.slow.lag(which)), "{which}");
            if member.competes {
                let counter = self.fast.counter(entity).unwrap().unwrap();
                assert_eq!(counter.units, on_circle(member.counter()), "{which}");
                let remainder = member.position.rem_euclid(member.weight);
                assert_eq!(i128::from(counter.remainder), remainder, "{which}");
                assert_eq!(self.fast.deadline(entity), Ok(on_circle(member.deadline().0)));
            }
        }
    }
}

fn on_circle(counter: i128) -> u64 {
    u64::try_from(counter.rem_euclid(1 << 64)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn extremes_are_compared_right(
        start: u64,
        weights in proptest::collection::vec(weights(), MOST),
        awake in 0..MOST,
        calls in calls(),
    ) {
        let mut pair = Pair::new(start, &weights);
        for which in 0..awake {
            pair.play(&Call::Wake(which));
        }
        for call in &calls {
            pair.play(call);
        }
    }

    /// Whoever is alone in service is charged whatever it has used.
    #[test]
    fn one_at_a_time_is_never_refused(
        start: u64,
        weights in proptest::collection::vec(weights(), 1..MOST),
        charges in proptest::collection::vec((amounts(), amounts()), 0..200),
    ) {
        let mut pair = Pair::new(start, &weights);
        for which in 0..weights.len() {
            pair.play(&Call::Wake(which));
        }
        for (used, request) in charges {
            pair.play(&Call::Pick);
            let which = pair.served[0];
            pair.play(&Call::Request(which, request));
            pair.play(&Call::Charge(0, used, false));
            prop_assert!(pair.served.is_empty());
        }
    }
}

/// All are corrected again and again: virtual time goes round the circle without a pick.
#[test]
fn virtual_time_goes_round_by_corrections_alone() {
    let weights = [1; MOST];
    let mut pair = Pair::new(0, &weights);
    for which in 0..MOST {
        pair.play(&Call::Wake(which));
    }
    for turn in 0..10 * MOST {
        pair.play(&Call::Correct(turn % MOST, MAX_CHARGE, false));
    }
    let picked: Vec<usize> = (0..MOST).filter_map(|_| pair.slow.pick()).collect();
    let same: Vec<usize> =
        (0..MOST).filter_map(|_| pair.fast.pick()).map(|pick| pick.entity.index()).collect();
    assert_eq!(picked, same);
}
