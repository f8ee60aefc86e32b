//! Handles. Numbers are used again; a handle of what has left is told from those that came later.

use core::fmt;

macro_rules! handle {
    ($(#[$text:meta])* $name:ident, $word:literal) => {
        $(#[$text])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
        pub struct $name {
            pub(crate) index: u32,
            pub(crate) generation: u32,
        }

        impl $name {
            /// Its number: dense from 0.
            #[must_use]
            pub fn index(self) -> usize {
                self.index as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!($word, " {}.{}"), self.index, self.generation)
            }
        }
    };
}

handle! {
    /// A client: who takes part in a lottery, or in [`Stride`](crate::Stride).
    ClientId, "client"
}

handle! {
    /// A currency of [`Currencies`](crate::Currencies).
    CurrencyId, "currency"
}

handle! {
    /// A ticket of [`Currencies`](crate::Currencies): an amount of a currency in one hand.
    TicketId, "ticket"
}

impl CurrencyId {
    /// The base currency. Every other one is backed by it in the end, or worth nothing.
    pub const BASE: Self = Self { index: 0, generation: 0 };
}

/// Who holds a ticket.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[expect(clippy::exhaustive_enums, reason = "nobody else can be funded")]
pub enum Holder {
    /// A client, which competes with it.
    Client(ClientId),
    /// A currency, which is backed by it.
    Currency(CurrencyId),
}

impl From<ClientId> for Holder {
    fn from(client: ClientId) -> Self {
        Self::Client(client)
    }
}

impl From<CurrencyId> for Holder {
    fn from(currency: CurrencyId) -> Self {
        Self::Currency(currency)
    }
}
