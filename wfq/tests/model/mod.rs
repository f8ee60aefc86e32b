//! A fair queue that looks through everything at each step, and in start-time order computes its
//! counters itself, in fractions: no flow's counter is ever forgotten there.

use std::collections::{BTreeMap, VecDeque};

use apportion_wfq::{Capacity, EntityId, Order, Refusal, Scheduler, Then, Weight};

/// Parts of 2^-20 that every weight up to 6 divides.
const PARTS: i128 = 60;
const UNIT: i128 = PARTS << 20;

pub(crate) struct Model {
    pub(crate) flows: BTreeMap<u8, Flow>,
    pub(crate) tickets: Vec<Service>,
    pub(crate) capacity: Capacity,
    common: u32,
    reached: i128,
    engine: Engine,
}

#[derive(Default)]
pub(crate) struct Flow {
    pub(crate) items: VecDeque<(u64, u64)>,
    in_service: u32,
    own_weight: bool,
    /// While it is known.
    number: Option<u32>,
    /// `None` if it has nothing to remember.
    finish: Option<i128>,
    wakes: u32,
    refundable: u64,
}

pub(crate) struct Service {
    pub(crate) flow: u8,
    pub(crate) charged: u64,
    wakes: u32,
}

impl Model {
    pub(crate) fn new(order: Order, start: u64, common: u32, capacity: Capacity) -> Self {
        let engine = match order {
            Order::StartTime => Engine::Exact(Exact::new(start)),
            _ => Engine::Scheduled(Box::new(Scheduled::new(order, start))),
        };
        Self {
            flows: BTreeMap::new(),
            tickets: Vec::new(),
            capacity,
            common,
            reached: start.into(),
            engine,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.flows.values().map(|flow| flow.items.len()).sum()
    }

    pub(crate) fn known(&self) -> usize {
        self.flows.values().filter(|flow| flow.number.is_some()).count()
    }

    pub(crate) fn enqueue(&mut self, key: u8, cost: u64, item: u64) -> Result<(), Refusal> {
        let Capacity { items, items_per_flow, .. } = self.capacity;
        if self.len() >= items as usize {
            return Err(Refusal::Full { limit: items });
        }
        if self.flows.get(&key).is_some_and(|flow| flow.items.len() >= items_per_flow as usize) {
            return Err(Refusal::FlowFull { limit: items_per_flow });
        }
        self.appear(key, self.common)?;
        let alone = self.len() == 0;
        let flow = self.flows.get_mut(&key).unwrap();
        flow.items.push_back((cost, item));
        if flow.items.len() == 1 {
            self.engine.wake(key, cost);
            if flow.in_service > 0 {
                flow.wakes += 1;
                flow.refundable =
                    self.engine.refundable(key).unwrap_or(if alone { 0 } else { u64::MAX });
            }
        }
        Ok(())
    }

    /// The lowest number that nobody has.
    fn appear(&mut self, key: u8, weight: u32) -> Result<(), Refusal> {
        let (known, limit) = (self.known(), self.capacity.flows);
        let taken: Vec<_> = self.flows.values().filter_map(|flow| flow.number).collect();
        let is_known = self.flows.get(&key).is_some_and(|flow| flow.number.is_some());
        if !is_known {
            if known >= limit as usize {
                return Err(Refusal::TooManyFlows { limit });
            }
            let number = (0..limit).find(|number| !taken.contains(number)).unwrap();
            self.flows.entry(key).or_default().number = Some(number);
            self.engine.assign(key, number, weight);
        }
        Ok(())
    }

    pub(crate) fn set_weight(&mut self, key: u8, weight: u32) -> Result<(), Refusal> {
        self.appear(key, weight)?;
        self.flows.get_mut(&key).unwrap().own_weight = true;
        self.reweight(key, weight);
        Ok(())
    }

    pub(crate) fn clear_weight(&mut self, key: u8) -> Result<(), Refusal> {
        let flow = self.flows.get_mut(&key).filter(|flow| flow.number.is_some());
        flow.ok_or(Refusal::UnknownFlow)?.own_weight = false;
        self.reweight(key, self.common);
        Ok(())
    }

    fn reweight(&mut self, key: u8, weight: u32) {
        self.engine.set_weight(key, weight);
        let flow = self.flows.get_mut(&key).unwrap();
        if flow.items.is_empty() && flow.finish.is_some() {
            flow.finish = Some(self.engine.finish(key, self.reached));
        }
        self.rest();
    }

    pub(crate) fn take(&mut self, start: bool) -> Option<(u8, u64, u64, u64)> {
        if start && self.tickets.len() >= self.capacity.in_service as usize {
            return None;
        }
        let (key, counter) = self.engine.pick()?;
        let flow = self.flows.get_mut(&key).unwrap();
        let ahead = counter.wrapping_sub(on_circle(self.reached)).cast_signed();
        self.reached += i128::from(ahead.max(0));
        let (cost, item) = flow.items.pop_front().unwrap();
        self.engine.charge(key, cost, flow.items.front().map(|&(cost, _)| cost));
        if flow.items.is_empty() {
            flow.finish = Some(self.engine.finish(key, self.reached));
        }
        if start {
            flow.in_service += 1;
            self.tickets.push(Service { flow: key, charged: cost.max(1), wakes: flow.wakes });
        }
        self.rest();
        Some((key, cost, item, counter))
    }

    pub(crate) fn complete(&mut self, which: usize, used: u64) {
        let Service { flow: key, charged, wakes } = self.tickets.swap_remove(which);
        let flow = self.flows.get_mut(&key).unwrap();
        let mut back = charged.saturating_sub(used.max(1));
        if wakes != flow.wakes {
            back = back.min(flow.refundable);
            flow.refundable -= back;
        }
        self.engine.correct(key, charged, used.max(charged - back).max(1));
        if flow.items.is_empty() {
            flow.finish = Some(self.engine.finish(key, self.reached));
        }
        flow.in_service -= 1;
        self.rest();
    }

    fn rest(&mut self) {
        let nothing_waits = self.len() == 0;
        for (&key, flow) in &mut self.flows {
            let is_idle = flow.items.is_empty() && flow.in_service == 0 && flow.number.is_some();
            if is_idle && (nothing_waits || flow.finish <= Some(self.reached)) {
                self.engine.forgive(key, nothing_waits, flow.own_weight);
                flow.finish = None;
                if !flow.own_weight {
                    flow.number = None;
                }
            }
        }
    }
}

enum Engine {
    Exact(Exact),
    Scheduled(Box<Scheduled>),
}

macro_rules! forward {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        impl Engine {
            $(fn $name(&mut self, $($argument: $type),*) $(-> $result)? {
                match self {
                    Self::Exact(engine) => engine.$name($($argument),*),
                    Self::Scheduled(engine) => engine.$name($($argument),*),
                }
            })*
        }
    };
}

forward! {
    assign(key: u8, number: u32, weight: u32);
    wake(key: u8, cost: u64);
    refundable(key: u8) -> Option<u64>;
    set_weight(key: u8, weight: u32);
    pick() -> Option<(u8, u64)>;
    charge(key: u8, cost: u64, next: Option<u64>);
    correct(key: u8, charged: u64, used: u64);
    finish(key: u8, reached: i128) -> i128;
    forgive(key: u8, nothing_waits: bool, keeps: bool);
}

/// Start-time order by its definition.
struct Exact {
    start: i128,
    flows: BTreeMap<u8, Account>,
    /// `s_min`.
    least: i128,
    /// The largest counter that anybody has gone to sleep with.
    largest: i128,
}

struct Account {
    /// In `PARTS` of 2^-20.
    counter: i128,
    weight: u32,
    number: u32,
    awake: bool,
}

impl Account {
    /// What is less than a unit, in parts of this weight, rounded up.
    fn parts(counter: i128, weight: u32) -> i128 {
        let step = PARTS / i128::from(weight);
        (counter.rem_euclid(PARTS) + step - 1).div_euclid(step)
    }

    /// Whoever took over a counter has it in parts of its own weight from now on.
    fn add(&mut self, service: i128) {
        let step = PARTS / i128::from(self.weight);
        self.counter = (self.counter + step - 1).div_euclid(step) * step;
        self.counter += service * (UNIT / i128::from(self.weight));
    }
}

impl Exact {
    fn new(start: u64) -> Self {
        let start = i128::from(start) * PARTS;
        Self { start, flows: BTreeMap::new(), least: start, largest: start }
    }

    /// The least of those who are awake; if nobody is, it stays. It never falls.
    fn reach(&mut self) -> i128 {
        let awake = self.flows.values().filter(|flow| flow.awake);
        let least = awake.map(|flow| flow.counter).min();
        self.largest = self.largest.max(self.least);
        self.least = self.least.max(least.unwrap_or(self.largest));
        self.least
    }

    fn assign(&mut self, key: u8, number: u32, weight: u32) {
        let start = self.start;
        let known = self.flows.entry(key).or_insert(Account {
            counter: start,
            weight,
            number,
            awake: false,
        });
        (known.number, known.weight) = (number, weight);
    }

    fn wake(&mut self, key: u8, _: u64) {
        let least = self.reach();
        let flow = self.flows.get_mut(&key).unwrap();
        if flow.counter < least {
            flow.counter = least;
        }
        flow.awake = true;
    }

    fn refundable(&mut self, key: u8) -> Option<u64> {
        let least = self.reach().div_euclid(PARTS);
        let flow = &self.flows[&key];
        let ahead = (flow.counter - least * PARTS) * i128::from(flow.weight);
        u64::try_from(ahead.max(0) / UNIT).ok()
    }

    fn set_weight(&mut self, key: u8, weight: u32) {
        let least = self.reach();
        let flow = self.flows.get_mut(&key).unwrap();
        let old = core::mem::replace(&mut flow.weight, weight);
        if flow.counter > least {
            let whole = flow.counter.div_euclid(PARTS) - least.div_euclid(PARTS);
            let service = whole * i128::from(old) + Account::parts(flow.counter, old)
                - Account::parts(least, old)
                + Account::parts(least, weight);
            let weight = i128::from(weight);
            let units = least.div_euclid(PARTS) + service / weight;
            flow.counter = units * PARTS + service % weight * (PARTS / weight);
        }
    }

    fn pick(&mut self) -> Option<(u8, u64)> {
        self.reach();
        let awake = self.flows.iter().filter(|(_, flow)| flow.awake);
        let (&key, flow) = awake.min_by_key(|(_, flow)| (flow.counter, flow.number))?;
        Some((key, on_circle(flow.counter.div_euclid(PARTS))))
    }

    fn charge(&mut self, key: u8, cost: u64, next: Option<u64>) {
        let flow = self.flows.get_mut(&key).unwrap();
        flow.add(cost.max(1).into());
        if next.is_none() {
            flow.awake = false;
            self.largest = self.largest.max(flow.counter);
        }
        self.reach();
    }

    fn correct(&mut self, key: u8, charged: u64, used: u64) {
        self.flows.get_mut(&key).unwrap().add(i128::from(used) - i128::from(charged));
        self.reach();
    }

    fn finish(&mut self, key: u8, _: i128) -> i128 {
        -(-self.flows[&key].counter).div_euclid(PARTS)
    }

    fn forgive(&mut self, key: u8, nothing_waits: bool, _: bool) {
        let flow = self.flows.get_mut(&key).unwrap();
        if nothing_waits {
            flow.counter = self.start;
        }
    }
}

/// Any order, by the scheduler: each number is an entity.
struct Scheduled {
    scheduler: Scheduler,
    entities: Vec<EntityId>,
    numbers: BTreeMap<u8, usize>,
}

impl Scheduled {
    fn new(order: Order, start: u64) -> Self {
        let mut scheduler = Scheduler::new(order).starting_at(start);
        let entities = (0..8).map(|_| scheduler.add(Weight::MIN).unwrap()).collect();
        Self { scheduler, entities, numbers: BTreeMap::new() }
    }

    fn entity(&self, key: u8) -> EntityId {
        self.entities[self.numbers[&key]]
    }

    fn renew(&mut self, number: usize, weight: Weight) {
        self.scheduler.remove(self.entities[number]).unwrap();
        self.entities[number] = self.scheduler.add(weight).unwrap();
    }

    fn assign(&mut self, key: u8, number: u32, weight: u32) {
        self.renew(number as usize, Weight::new(weight).unwrap());
        self.numbers.insert(key, number as usize);
    }

    fn request(&mut self, key: u8, cost: u64) {
        self.scheduler.set_request(self.entity(key), cost.max(1).try_into().unwrap()).unwrap();
    }

    fn wake(&mut self, key: u8, cost: u64) {
        self.request(key, cost);
        self.scheduler.wake(self.entity(key)).unwrap();
    }

    /// Lags are kept: all, unless nobody else is there.
    #[expect(clippy::unused_self, reason = "the other engine has to look")]
    fn refundable(&mut self, _: u8) -> Option<u64> {
        None
    }

    fn set_weight(&mut self, key: u8, weight: u32) {
        let weight = Weight::new(weight).unwrap();
        self.scheduler.set_weight(self.entity(key), weight).unwrap();
    }

    fn pick(&mut self) -> Option<(u8, u64)> {
        let pick = self.scheduler.pick()?;
        let is_picked = |key: &u8| self.entity(*key) == pick.entity;
        let key = self.numbers.keys().copied().find(is_picked).unwrap();
        Some((key, pick.counter))
    }

    fn charge(&mut self, key: u8, cost: u64, next: Option<u64>) {
        if let Some(next) = next {
            self.request(key, next);
        }
        let then = if next.is_some() { Then::Requeue } else { Then::Sleep };
        self.scheduler.charge(self.entity(key), cost, then).unwrap();
    }

    fn correct(&mut self, key: u8, charged: u64, used: u64) {
        self.scheduler.correct(self.entity(key), charged, used).unwrap();
    }

    fn finish(&mut self, key: u8, reached: i128) -> i128 {
        let entity = self.entity(key);
        let now = self.scheduler.virtual_time(None).unwrap();
        let lag = self.scheduler.lag(entity).unwrap();
        let weight = i128::from(self.scheduler.weight(entity).unwrap().get());
        let ahead = now.wrapping_sub(on_circle(reached)).cast_signed();
        reached + i128::from(ahead) - lag.div_euclid(weight)
    }

    fn forgive(&mut self, key: u8, _: bool, keeps: bool) {
        let weight = self.scheduler.weight(self.entity(key)).unwrap();
        self.renew(self.numbers[&key], weight);
        if !keeps {
            self.numbers.remove(&key);
        }
    }
}

fn on_circle(counter: i128) -> u64 {
    u64::try_from(counter.rem_euclid(1 << 64)).unwrap()
}
