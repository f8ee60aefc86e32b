use alloc::vec::Vec;

use super::Accounts;
use crate::decay::scaled;

/// How far effective usage `U` exceeds normalized shares `S`: `U / S`, in units of 2^-40.
///
/// The classic fair-share factor `2^(-U/S)` falls as `U / S` rises, so this orders jobs as the
/// factor does, without a power: the least first. One at exactly its share has the factor 1/2.
///
/// As the key of a job order, it lets a backfilling scheduler serve the least served first.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct FairShare(u128);

impl FairShare {
    /// One: as much used as is one's share.
    pub const AT_SHARE: Self = Self(ONE);

    /// `U / S` in units of 2^-40; the greatest number from 2^88 on.
    #[must_use]
    pub fn get(self) -> u128 {
        self.0
    }
}

impl Accounts {
    /// `U / S` for every account, by [`AccountId::index`](super::AccountId::index). Linear time.
    ///
    /// An account's normalized shares `S` are its fraction of its siblings' shares, times the same
    /// for every account above. Its actual usage `A` is its fraction of all usage. Its effective
    /// usage is `A` at the top, and below another account, with `f` its fraction of its siblings'
    /// shares, `U = A + (U_parent - A) f`: who has not used much bears a part of what its siblings
    /// used. While nobody has used anything, all are 0.
    ///
    /// Computed as `U / S = U_parent / S_parent + A (1 - f) / S`, in fixed point: off by less than
    /// 2^-35 of it at up to eight levels, plus 2^-40, as long as `S` is above 2^-20; `S` below
    /// 2^-88 counts as that. Equal accounts have equal keys.
    ///
    /// *Source*: Slurm, "Classic Fairshare Algorithm".
    #[must_use]
    pub fn classic(&self) -> Vec<FairShare> {
        let half_life = self.now / self.half_life.ticks();
        // Both with the same number of bits cut off, so that all usage fits into 64.
        let all = self.usage.at(half_life);
        let cut = (u128::BITS - all.leading_zeros()).saturating_sub(u64::BITS);
        let all = (all >> cut) as u64;
        // `1 / S` and `U / S` in units of 2^-40, of each.
        let mut found: Vec<(u128, FairShare)> = Vec::with_capacity(self.all.len());
        for account in &self.all {
            let shares = u64::from(account.shares.get());
            let used = account.usage.at(half_life) >> cut;
            let key = match account.parent {
                None => {
                    let inverse = scaled(ONE, self.shares.into(), shares);
                    // `A / S`.
                    (inverse, scaled(inverse, used as u64, all))
                }
                Some(parent) => {
                    let (above, FairShare(base)) = found[parent.index()];
                    let siblings = u64::from(self.all[parent.index()].below);
                    let inverse = scaled(above, siblings, shares);
                    let own = scaled(inverse, used as u64, all);
                    let own = scaled(own, siblings - shares, siblings);
                    (inverse, base.saturating_add(own))
                }
            };
            found.push((key.0, FairShare(key.1)));
        }
        found.into_iter().map(|(_, key)| key).collect()
    }
}

const ONE: u128 = 1 << 40;
