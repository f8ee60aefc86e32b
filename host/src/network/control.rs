//! The trait between a policy and a network.

use crate::{Entrance, Error, GroupPath, NetworkShare};

/// A network whose commands have shares that can be changed while they run.
pub trait NetworkControl {
    /// Gives all commands other weights and limits. They are named in the order in which they were
    /// created.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`] for a name that is not the one expected at its place;
    /// [`Error::OutOfRange`] for a weight whose share would be less than 1 kbit/s;
    /// [`Error::NotApplied`], or what the system says: then the rates are as before, as far as the
    /// system lets them.
    fn set_shares(&mut self, shares: &[NetworkShare]) -> Result<(), Error>;

    /// What a new process does to begin its life in the command's namespace.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`], or what the system says.
    fn entrance(&self, name: &GroupPath) -> Result<Entrance, Error>;

    /// What each command has sent and received so far, in the order of their creation.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn usage(&self) -> Result<Vec<(GroupPath, NetworkUsage)>, Error>;

    /// What each command is guaranteed and limited to, read back, in the order of their creation.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn rates(&self) -> Result<Vec<(GroupPath, NetworkRate)>, Error>;

    /// Takes the network down. Dropping does the same, but does not say if it fails.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn close(&mut self) -> Result<(), Error>;
}

/// What a command has sent and received, in bytes as they passed the uplink, with the headers of
/// Ethernet. What was dropped in front of it does not count.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct NetworkUsage {
    /// From the command to the host.
    pub sent: u64,
    /// From the host to the command.
    pub received: u64,
}

/// What the kernel guarantees to a command and what it lets it have, as read back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NetworkRate {
    /// Bits per second, in each direction, whatever the others do.
    pub guaranteed: u64,
    /// Bits per second, in each direction, that it can borrow up to.
    pub limit: u64,
}
