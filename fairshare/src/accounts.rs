//! Usage-based fair share for batch systems.

mod classic;
mod fair_tree;
#[cfg(feature = "serde")]
mod snapshot;

use alloc::vec::Vec;
use core::fmt;

pub use classic::FairShare;

use crate::decay::{ONE, scaled};
use crate::{Error, HalfLife, Weight};

/// An account of [`Accounts`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct AccountId(u32);

impl AccountId {
    /// Its number, in the order of [`Accounts::add`], from 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "account {}", self.0)
    }
}

/// Who was given which shares of a machine, and who has used how much of it lately.
///
/// Accounts form a tree; those without others below them are users, and are charged. Usage decays:
/// after a half-life it counts half. As all usage decays at the same rate, no order changes by the
/// passing of time alone.
///
/// Nothing is ever multiplied down. A charge at time `t` is scaled up by `2^(t / half-life)`
/// instead, the whole half-lives being an exact shift; so usage is rounded once for each charge, by
/// less than 2^-54 of it, and after that only below 2^-24 of a tick, once for each half-life.
///
/// *Source*: Slurm, "Classic Fairshare Algorithm" and "Fair Tree Fairshare Algorithm"; J. Kay, P.
/// Lauder, "A fair share scheduler", CACM 31(1), 1988.
///
/// ```
/// use apportion_fairshare::{Accounts, HalfLife, Weight};
///
/// let mut accounts = Accounts::new(HalfLife::new(1_000)?);
/// let [ann, bob] = [accounts.add(None, Weight::MIN)?, accounts.add(None, Weight::MIN)?];
/// accounts.charge(ann, 0, 4_000)?;
/// accounts.charge(bob, 1_000, 3_000)?;
/// assert_eq!((accounts.usage(ann)?, accounts.usage(bob)?), (2_000, 3_000));
/// let keys = accounts.classic();
/// assert!(keys[ann.index()] < keys[bob.index()]); // Ann has used less, lately, and is first
/// assert_eq!(accounts.fair_tree(), [2, 1]); // as priorities: the largest first
/// # Ok::<(), apportion_fairshare::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Accounts {
    half_life: HalfLife,
    now: u64,
    /// Parents before children.
    all: Vec<Account>,
    /// The shares of those at the top, together.
    shares: u32,
    /// All usage.
    usage: Usage,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
struct Account {
    parent: Option<AccountId>,
    shares: Weight,
    /// The shares of those directly below, together; 0 for a user.
    below: u32,
    usage: Usage,
}

/// Usage in units of 2^-24 ticks, as of the beginning of a half-life.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
struct Usage {
    amount: u128,
    half_life: u64,
}

impl Usage {
    /// As of the beginning of a later half-life.
    fn at(self, half_life: u64) -> u128 {
        let halvings = u32::try_from(half_life - self.half_life).unwrap_or(u32::MAX);
        self.amount.checked_shr(halvings).unwrap_or(0)
    }

    fn with(self, more: u128, half_life: u64) -> Self {
        Self { amount: self.at(half_life) + more, half_life }
    }
}

impl Accounts {
    /// Without accounts, at time 0.
    #[must_use]
    pub fn new(half_life: HalfLife) -> Self {
        Self { half_life, now: 0, all: Vec::new(), shares: 0, usage: Usage::default() }
    }

    /// Adds an account below another one, or at the top, with shares beside its siblings'.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`]; [`Error::AlreadyCharged`] if the one above has usage of its own;
    /// [`Error::TooManyShares`] if those of siblings come to more than 2^32 - 1 together;
    /// [`Error::TooManyClaims`] if there are as many accounts.
    pub fn add(&mut self, parent: Option<AccountId>, shares: Weight) -> Result<AccountId, Error> {
        let siblings = self.siblings(parent)?;
        if let Some(account) = parent {
            let above = self.account(account)?;
            if above.below == 0 && above.usage.amount > 0 {
                return Err(Error::AlreadyCharged { account });
            }
        }
        let number = u32::try_from(self.all.len()).map_err(|_| Error::TooManyClaims)?;
        let sum = together(siblings, shares)?;
        *self.siblings_mut(parent) = sum;
        self.all.push(Account { parent, shares, below: 0, usage: Usage::default() });
        Ok(AccountId(number))
    }

    /// Other shares for an account.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`]; [`Error::TooManyShares`] if those of siblings come to more than
    /// 2^32 - 1 together.
    pub fn set_shares(&mut self, account: AccountId, shares: Weight) -> Result<(), Error> {
        let Account { parent, shares: old, .. } = *self.account(account)?;
        let others = self.siblings(parent)? - old.get();
        let sum = together(others, shares)?;
        *self.siblings_mut(parent) = sum;
        self.all[account.index()].shares = shares;
        Ok(())
    }

    /// A user has used so much by `now`: processors times ticks, say. It counts for every account
    /// above, too. `O(depth)`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`], [`Error::NotALeaf`], [`Error::TimeWentBack`];
    /// [`Error::UsageTooLarge`] if all usage, as of the beginning of the half-life that it is, would
    /// come to 2^71 ticks: to half as many, decayed, towards its end.
    pub fn charge(&mut self, account: AccountId, now: u64, amount: u64) -> Result<(), Error> {
        if self.account(account)?.below > 0 {
            return Err(Error::NotALeaf { account });
        }
        let (half_life, growth) = self.advanced(now)?;
        let more = (u128::from(amount) * u128::from(growth)) >> (63 - FRACTION_BITS);
        // Nobody's is more than all together.
        let all = self.usage.with(more, half_life);
        if all.amount >> USAGE_BITS > 0 {
            return Err(Error::UsageTooLarge { account, amount });
        }
        self.now = now;
        self.usage = all;
        let mut next = Some(account);
        while let Some(account) = next {
            let charged = &mut self.all[account.index()];
            charged.usage = charged.usage.with(more, half_life);
            next = charged.parent;
        }
        Ok(())
    }

    /// Lets time pass.
    ///
    /// # Errors
    ///
    /// [`Error::TimeWentBack`].
    pub fn advance(&mut self, now: u64) -> Result<(), Error> {
        self.advanced(now)?;
        self.now = now;
        Ok(())
    }

    /// The latest time told.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// The decayed usage of an account and of all below it, at the latest time told, in whole
    /// ticks, rounded to the nearest.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn usage(&self, account: AccountId) -> Result<u64, Error> {
        let usage = self.account(account)?.usage;
        let (half_life, growth) = self.half_life.split(self.now);
        let half_a_tick = 1 << (FRACTION_BITS - 1);
        let ticks = (scaled(usage.at(half_life), ONE, growth) + half_a_tick) >> FRACTION_BITS;
        Ok(u64::try_from(ticks).unwrap_or(u64::MAX))
    }

    /// The shares of an account.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAccount`].
    pub fn shares(&self, account: AccountId) -> Result<Weight, Error> {
        self.account(account).map(|account| account.shares)
    }

    /// How many accounts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn advanced(&self, now: u64) -> Result<(u64, u64), Error> {
        if now < self.now {
            return Err(Error::TimeWentBack { now, last: self.now });
        }
        Ok(self.half_life.split(now))
    }

    fn account(&self, account: AccountId) -> Result<&Account, Error> {
        self.all.get(account.index()).ok_or(Error::UnknownAccount { account })
    }

    /// The shares of those directly below an account, or at the top, together.
    fn siblings(&self, parent: Option<AccountId>) -> Result<u32, Error> {
        parent.map_or(Ok(self.shares), |parent| Ok(self.account(parent)?.below))
    }

    fn siblings_mut(&mut self, parent: Option<AccountId>) -> &mut u32 {
        match parent {
            Some(parent) => &mut self.all[parent.index()].below,
            None => &mut self.shares,
        }
    }
}

fn together(others: u32, shares: Weight) -> Result<u32, Error> {
    let shares = shares.get();
    others.checked_add(shares).ok_or(Error::TooManyShares { shares, others })
}

/// Of a tick.
const FRACTION_BITS: u32 = 24;

/// Usage with its fraction stays below 2^95.
const USAGE_BITS: u32 = 71 + FRACTION_BITS;
