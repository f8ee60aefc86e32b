//! Items in service.

use alloc::vec::Vec;
use core::fmt;

#[cfg(feature = "serde")]
use crate::snapshot::{Inconsistent, check, check_vacant};

/// An item in service, to be handed back with what it used.
///
/// A plain number, and as easily lost: an item whose ticket is dropped stays in service, counts as
/// such, and keeps its flow from being forgotten. A ticket is valid once; its number is used again,
/// and tells from the 2^32 before it whose it was.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Ticket {
    index: u32,
    generation: u32,
}

impl fmt::Display for Ticket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ticket {}.{}", self.index, self.generation)
    }
}

#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(super) struct Tickets {
    all: Vec<Issued>,
    vacant: Vec<u32>,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
struct Issued {
    generation: u32,
    /// `None` once it has been handed back.
    service: Option<Service>,
}

/// What is known of an item in service.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub(super) struct Service {
    /// The number of its flow.
    pub(super) flow: u32,
    pub(super) charged: u64,
    /// How often its flow had woken with others in service when it was started.
    pub(super) wakes: u32,
}

impl Tickets {
    pub(super) fn len(&self) -> u32 {
        (self.all.len() - self.vacant.len()) as u32
    }

    pub(super) fn memory(&self) -> usize {
        self.all.capacity() * size_of::<Issued>() + self.vacant.capacity() * size_of::<u32>()
    }

    /// There is room: [`Capacity`](crate::Capacity) says so first.
    pub(super) fn issue(&mut self, service: Service) -> Ticket {
        if let Some(index) = self.vacant.pop() {
            let issued = &mut self.all[index as usize];
            issued.service = Some(service);
            return Ticket { index, generation: issued.generation };
        }
        self.all.push(Issued { generation: 0, service: Some(service) });
        Ticket { index: (self.all.len() - 1) as u32, generation: 0 }
    }

    pub(super) fn find(&self, ticket: Ticket) -> Option<Service> {
        let issued = self.all.get(ticket.index as usize)?;
        issued.service.filter(|_| issued.generation == ticket.generation)
    }

    /// All items in service.
    #[cfg(feature = "serde")]
    pub(super) fn services(&self) -> impl Iterator<Item = Service> {
        self.all.iter().filter_map(|issued| issued.service)
    }

    /// Whether those that are vacant are those that have been handed back.
    #[cfg(feature = "serde")]
    pub(super) fn check(&self) -> Result<(), Inconsistent> {
        check(u32::try_from(self.all.len()).is_ok(), "it is too large")?;
        check_vacant(0, self.all.iter().map(|issued| issued.service.is_none()), &self.vacant)
    }

    /// Ends a ticket that is valid.
    pub(super) fn end(&mut self, ticket: Ticket) {
        let issued = &mut self.all[ticket.index as usize];
        issued.service = None;
        issued.generation = issued.generation.wrapping_add(1);
        self.vacant.push(ticket.index);
    }
}
