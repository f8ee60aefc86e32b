/// How a capacity is divided, where the literature knows more than one way.
///
/// ```
/// use apportion_fairshare::{Overbooking, Reading, Rules};
///
/// assert_eq!(Rules::default(), Rules::new(Reading::FloorOfShare, Overbooking::Refuse));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub struct Rules {
    /// What a reservation means.
    pub reading: Reading,
    /// What happens if more is reserved than there is.
    pub overbooking: Overbooking,
}

impl Rules {
    /// Both rules.
    #[must_use]
    pub const fn new(reading: Reading, overbooking: Overbooking) -> Self {
        Self { reading, overbooking }
    }
}

/// What a reservation means. Of 100, for weights 1, 2 and 1, with a limit of 30 for the second and 40
/// reserved for the third: 30, 30, 40 as the floor of a share, and 15, 30, 55 when reservations come
/// first.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum Reading {
    /// The least that a share by weight may be: `a_i = clamp(λ w_i, r_i, u_i)`. Whoever gets more
    /// by weight has nothing of its reservation.
    ///
    /// *Source*: resource pools of VMware ESX; mClock (Gulati, Merchant, Varman, OSDI 2010).
    #[default]
    FloorOfShare,
    /// Handed out before; only the rest is divided by weight: `a_i = r_i + min(λ w_i, u_i - r_i)`.
    ReservationFirst,
}

/// What happens if more is reserved than there is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub enum Overbooking {
    /// [`Error::Overbooked`](crate::Error::Overbooked), with the claims that have reservations.
    #[default]
    Refuse,
    /// What there is, is divided by weight, to nobody more than its reservation or hard allocation:
    /// `a_i = min(λ w_i, r_i)`. Reservations of 60 and 80 out of 100, at equal weights: 50 and 50.
    ScaleDown,
}
