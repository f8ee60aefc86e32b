use super::search::Search;
use crate::VectorInstance;

/// Items that go into a bin from outside, and items that come out for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange {
    pub(super) bin: usize,
    pub(super) comes: [Option<u32>; 2],
    pub(super) goes: [Option<u32>; 2],
    /// What is outside afterwards.
    pub(super) weight: u64,
}

/// The best exchange so far: what leaves the least outside, of equal ones any.
#[derive(Clone, Debug)]
pub(super) struct Best {
    exchange: Option<Exchange>,
    equal: u64,
    random: u64,
}

impl Best {
    pub(super) fn new(random: u64) -> Self {
        Self { exchange: None, equal: 0, random }
    }

    pub(super) fn found(self) -> Option<Exchange> {
        self.exchange
    }

    /// Looks at the exchanges with a bin. How many that were.
    pub(super) fn look_at<const D: usize>(
        &mut self,
        search: &Search<D>,
        instance: &VectorInstance<D>,
        number: usize,
    ) -> u64 {
        let sizes = instance.sizes();
        let bin = &search.bins[number];
        let outside = &search.outside[..search.outside.len().min(OUTSIDE)];
        let mut looked = 0;
        for (place, one) in outside.iter().enumerate() {
            let seconds = core::iter::once(None).chain(outside[place + 1..].iter().map(Some));
            for second in seconds {
                let mut need = sizes[*one as usize];
                let mut less = search.weights[*one as usize];
                let mut free = search.free_from[*one as usize] <= search.turn;
                if let Some(second) = second {
                    let size = &sizes[*second as usize];
                    // More than any number is more than any bin.
                    let mut beyond = false;
                    for (need, more) in need.iter_mut().zip(size) {
                        let (sum, overflow) = need.overflowing_add(*more);
                        *need = sum;
                        beyond |= overflow;
                    }
                    if beyond {
                        continue;
                    }
                    less += search.weights[*second as usize];
                    free &= search.free_from[*second as usize] <= search.turn;
                }
                let rest = search.weight_outside - less;
                let comes = [Some(*one), second.copied()];
                let mut offer = |goes: [Option<u32>; 2], more: u64, free: bool| {
                    let weight = rest + more;
                    if free || weight < search.least_outside {
                        self.offer(Exchange { bin: number, comes, goes, weight });
                    }
                };
                looked += 1;
                if (0..D).all(|d| need[d] <= bin.room[d]) {
                    offer([None, None], 0, free);
                    continue;
                }
                for (place, item) in bin.items.iter().enumerate() {
                    looked += 1;
                    let size = &sizes[*item as usize];
                    let weight = search.weights[*item as usize];
                    let free = free && search.free_from[*item as usize] <= search.turn;
                    if (0..D).all(|d| need[d] <= bin.room[d] + size[d]) {
                        offer([Some(*item), None], weight, free);
                        continue;
                    }
                    if bin.items.len() > CROWDED {
                        continue;
                    }
                    for other in &bin.items[place + 1..] {
                        looked += 1;
                        let other_size = &sizes[*other as usize];
                        if (0..D).all(|d| need[d] <= bin.room[d] + size[d] + other_size[d]) {
                            let weight = weight + search.weights[*other as usize];
                            let free = free && search.free_from[*other as usize] <= search.turn;
                            offer([Some(*item), Some(*other)], weight, free);
                        }
                    }
                }
            }
        }
        looked
    }

    fn offer(&mut self, exchange: Exchange) {
        let best = self.exchange.map_or(u64::MAX, |best| best.weight);
        if exchange.weight > best {
            return;
        }
        if exchange.weight < best {
            self.equal = 0;
        }
        // Each of the equal ones is as likely as another.
        self.equal += 1;
        self.random = self.random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        if (self.random >> 32).is_multiple_of(self.equal) {
            self.exchange = Some(exchange);
        }
    }
}

/// Items outside that a turn looks at.
const OUTSIDE: usize = 12;
/// Items of a bin beyond which only one at a time comes out.
const CROWDED: usize = 40;
