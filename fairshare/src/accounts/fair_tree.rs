use alloc::vec::Vec;
use core::cmp::{Ordering, Reverse};

use super::Accounts;

/// Level fair share: `(s / sum of siblings' s) / (u / sum of siblings' u)`, infinite if `u` is 0.
#[derive(Clone, Copy, Debug)]
struct LevelFairShare {
    numerator: u128,
    denominator: u128,
}

/// Some of the accounts that are still to be ranked: the best is last.
struct Frame {
    accounts: Vec<(LevelFairShare, u32)>,
    /// Whether the best is as good as the user ranked last.
    tied: bool,
}

impl Accounts {
    /// The rank of every user, by [`AccountId::index`](super::AccountId::index): from the number of
    /// users, for the one to be served first, down to 1, if none are tied. Groups have rank 0.
    ///
    /// The tree is walked depth first, siblings in order of their level fair share, highest first:
    /// if one account is better off than its sibling, so are all users below it. Users with the
    /// same level fair share have the same rank, and the next rank is that without a tie; accounts
    /// that are tied are walked together, as if those below them were siblings; a user tied with an
    /// account has the rank of the best user below it. Levels are compared exactly.
    ///
    /// As priorities, the largest first, ranks order jobs directly: divided by the number of users
    /// they are the factor of the source. `O(n log n)`, at any depth: nothing calls itself.
    ///
    /// *Source*: Slurm, "Fair Tree Fairshare Algorithm" (R. Cox, L. Morrison).
    #[must_use]
    pub fn fair_tree(&self) -> Vec<u32> {
        let users = self.all.iter().filter(|account| account.below == 0).count() as u32;
        let mut below: Vec<Vec<u32>> = alloc::vec![Vec::new(); self.all.len()];
        let mut top = Vec::new();
        for (number, account) in (0..).zip(&self.all) {
            match account.parent {
                Some(parent) => below[parent.index()].push(number),
                None => top.push(number),
            }
        }
        let mut ranks = alloc::vec![0; self.all.len()];
        let (mut ranked, mut last) = (0, users);
        let mut frames = alloc::vec![Frame { accounts: self.sorted(&top), tied: false }];
        while let Some(frame) = frames.last_mut() {
            let Some(&(best, _)) = frame.accounts.last() else {
                frames.pop();
                continue;
            };
            let mut tied = core::mem::take(&mut frame.tied);
            let mut merged = Vec::new();
            let mut equal = 0;
            while let Some((_, number)) = frame.accounts.pop_if(|(level, _)| *level == best) {
                if self.all[number as usize].below > 0 {
                    merged.append(&mut below[number as usize]);
                    continue;
                }
                if !tied {
                    last = users - ranked;
                    tied = true;
                }
                ranks[number as usize] = last;
                equal += 1;
            }
            ranked += equal;
            if !merged.is_empty() {
                frames.push(Frame { accounts: self.sorted(&merged), tied });
            }
        }
        ranks
    }

    /// With their levels, the best last.
    fn sorted(&self, numbers: &[u32]) -> Vec<(LevelFairShare, u32)> {
        let half_life = self.now / self.half_life.ticks();
        let level = |&number: &u32| {
            let account = &self.all[number as usize];
            let (shares, usage) = match account.parent {
                Some(parent) => {
                    let parent = &self.all[parent.index()];
                    (parent.below, parent.usage)
                }
                None => (self.shares, self.usage),
            };
            let level = LevelFairShare {
                numerator: usage.at(half_life) * u128::from(account.shares.get()),
                denominator: account.usage.at(half_life) * u128::from(shares),
            };
            (level, number)
        };
        let mut sorted: Vec<_> = numbers.iter().map(level).collect();
        sorted.sort_by_key(|&(level, number)| (level, Reverse(number)));
        sorted
    }
}

impl Ord for LevelFairShare {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.denominator == 0, other.denominator == 0) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let one = wide(self.numerator, other.denominator);
                one.cmp(&wide(other.numerator, self.denominator))
            }
        }
    }
}

impl PartialOrd for LevelFairShare {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for LevelFairShare {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for LevelFairShare {}

/// A product of 256 bits: its upper half, its lower half.
fn wide(one: u128, other: u128) -> (u128, u128) {
    let halves = |number: u128| (number >> 64, number & u128::from(u64::MAX));
    let ((a, b), (c, d)) = (halves(one), halves(other));
    let (low, carry) = (b * d).overflowing_add((a * d) << 64);
    let (low, more) = low.overflowing_add((b * c) << 64);
    let high = a * c + ((a * d) >> 64) + ((b * c) >> 64) + u128::from(carry) + u128::from(more);
    (high, low)
}
