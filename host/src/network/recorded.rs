//! A network that is only written down, for what happens when one fails.

use std::cell::RefCell;

use crate::{Entrance, Error, GroupPath, NetworkControl, NetworkRate, NetworkShare, NetworkUsage};

/// A network that does nothing but record what it is told. One call of your choice fails.
///
/// ```
/// use apportion_host::{Error, NetworkControl, RecordedNetwork, Unavailable};
///
/// let lost = Unavailable {
///     what: "the uplink".to_owned(),
///     why: "somebody removed it".to_owned(),
///     fix: "start again".to_owned(),
/// };
/// let mut network = RecordedNetwork::new(Vec::new()).failing_at(1, lost.clone().into());
/// assert_eq!(network.usage(), Ok(Vec::new()));
/// assert_eq!(network.close(), Err(Error::Unavailable(lost)));
/// assert_eq!(network.calls(), ["usage", "close"]);
/// ```
#[derive(Debug)]
pub struct RecordedNetwork {
    shares: Vec<NetworkShare>,
    calls: RefCell<Vec<String>>,
    failure: Option<(usize, Error)>,
}

impl RecordedNetwork {
    /// A network of these commands. Nothing is ever sent on it.
    #[must_use]
    pub fn new(shares: Vec<NetworkShare>) -> Self {
        Self { shares, calls: RefCell::default(), failure: None }
    }

    /// The same, whose call of this number, counted from 0, fails.
    #[must_use]
    pub fn failing_at(self, call: usize, error: Error) -> Self {
        Self { failure: Some((call, error)), ..self }
    }

    /// The calls so far: their names, and for whom.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.calls.borrow().clone()
    }

    fn record(&self, call: &str) -> Result<(), Error> {
        let mut calls = self.calls.borrow_mut();
        calls.push(call.to_owned());
        match &self.failure {
            Some((number, error)) if number + 1 == calls.len() => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

impl NetworkControl for RecordedNetwork {
    fn set_shares(&mut self, shares: &[NetworkShare]) -> Result<(), Error> {
        let names: Vec<_> = shares.iter().map(|share| share.name.as_str()).collect();
        self.record(&format!("set_shares {}", names.join(" ")))?;
        self.shares = shares.to_vec();
        Ok(())
    }

    fn entrance(&self, name: &GroupPath) -> Result<Entrance, Error> {
        self.record(&format!("entrance {name}"))?;
        if self.shares.iter().any(|share| share.name == *name) {
            Ok(Entrance::default())
        } else {
            Err(Error::UnknownGroup(name.clone()))
        }
    }

    fn usage(&self) -> Result<Vec<(GroupPath, NetworkUsage)>, Error> {
        self.record("usage")?;
        let usage = |share: &NetworkShare| (share.name.clone(), NetworkUsage::default());
        Ok(self.shares.iter().map(usage).collect())
    }

    fn rates(&self) -> Result<Vec<(GroupPath, NetworkRate)>, Error> {
        self.record("rates")?;
        let rate = |share: &NetworkShare| {
            let limit = share.limit.map_or(u64::MAX, crate::BitsPerSecond::bits);
            (share.name.clone(), NetworkRate { guaranteed: 0, limit })
        };
        Ok(self.shares.iter().map(rate).collect())
    }

    fn close(&mut self) -> Result<(), Error> {
        self.record("close")
    }
}
