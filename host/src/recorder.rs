//! A control that only writes down what it is told, for tests of those who use one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroU64;

use crate::control::check_siblings;
use crate::weight::{Scale, applied};
use crate::{Applied, Entrance, Error, GroupControl, GroupPath, Holds, Setting, Task, Usage};

/// Keeps the rules about groups and does nothing. Any call can be made to fail.
///
/// ```
/// use apportion_host::{Call, Error, GroupControl, Holds, Recorder};
///
/// let mut recorder = Recorder::new();
/// let group = "web".parse().unwrap();
/// recorder.fail_at(1, Error::GroupExists(group));
/// let [one, two] = ["one", "two"].map(|name| name.parse().unwrap());
/// recorder.create(&one, Holds::Processes)?;
/// assert!(recorder.create(&two, Holds::Processes).is_err());
/// assert_eq!(recorder.groups().collect::<Vec<_>>(), [&one]);
/// assert_eq!(recorder.calls().len(), 2);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    groups: BTreeMap<GroupPath, Holds>,
    usages: BTreeMap<GroupPath, Usage>,
    failures: BTreeMap<usize, Error>,
    calls: RefCell<Vec<Call>>,
}

/// A call of a [`GroupControl`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "named as the methods and their parameters")]
#[non_exhaustive]
pub enum Call {
    Create { group: GroupPath, holds: Holds },
    SetWeights(Vec<(GroupPath, NonZeroU64)>),
    Set { group: GroupPath, setting: Setting },
    Attach { group: GroupPath, task: Task },
    Entrance(GroupPath),
    Usage(GroupPath),
    Kill(GroupPath),
    Remove(GroupPath),
}

impl Recorder {
    /// One without groups.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the call with this number fail, from 0, counting all calls from the first.
    pub fn fail_at(&mut self, number: usize, error: Error) {
        self.failures.insert(number, error);
    }

    /// What a group has used from now on, whether it exists or not.
    pub fn set_usage(&mut self, group: &GroupPath, usage: Usage) {
        self.usages.insert(group.clone(), usage);
    }

    /// All calls so far, those that failed too.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls.borrow().clone()
    }

    /// The groups that exist, in order of their paths.
    pub fn groups(&self) -> impl Iterator<Item = &GroupPath> {
        self.groups.keys()
    }

    fn record(&self, call: Call) -> Result<(), Error> {
        let mut calls = self.calls.borrow_mut();
        calls.push(call);
        match self.failures.get(&(calls.len() - 1)) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    fn known(&self, group: &GroupPath) -> Result<Holds, Error> {
        self.groups.get(group).copied().ok_or_else(|| Error::UnknownGroup(group.clone()))
    }
}

impl GroupControl for Recorder {
    fn backend(&self) -> &'static str {
        "recorder"
    }

    fn create(&mut self, group: &GroupPath, holds: Holds) -> Result<(), Error> {
        self.record(Call::Create { group: group.clone(), holds })?;
        if self.groups.contains_key(group) {
            return Err(Error::GroupExists(group.clone()));
        }
        if let Some(parent) = group.parent() {
            self.known(&parent)?;
        }
        self.groups.insert(group.clone(), holds);
        Ok(())
    }

    fn set_weights(&mut self, weights: &[(GroupPath, NonZeroU64)]) -> Result<Vec<Applied>, Error> {
        self.record(Call::SetWeights(weights.to_vec()))?;
        check_siblings(weights)?;
        weights.iter().try_for_each(|(group, _)| self.known(group).map(drop))?;
        let asked: Vec<NonZeroU64> = weights.iter().map(|(_, weight)| *weight).collect();
        Ok(applied(&asked, &Scale::WEIGHT.fit(&asked)))
    }

    fn set(&mut self, group: &GroupPath, setting: &Setting) -> Result<(), Error> {
        self.record(Call::Set { group: group.clone(), setting: setting.clone() })?;
        self.known(group).map(drop)
    }

    fn attach(&mut self, group: &GroupPath, task: Task) -> Result<(), Error> {
        self.record(Call::Attach { group: group.clone(), task })?;
        self.known(group).map(drop)
    }

    fn entrance(&self, group: &GroupPath) -> Result<Entrance, Error> {
        self.record(Call::Entrance(group.clone()))?;
        self.known(group).map(|_| Entrance::default())
    }

    fn usage(&self, group: &GroupPath) -> Result<Usage, Error> {
        self.record(Call::Usage(group.clone()))?;
        self.known(group)?;
        Ok(self.usages.get(group).copied().unwrap_or_default())
    }

    fn kill(&mut self, group: &GroupPath) -> Result<(), Error> {
        self.record(Call::Kill(group.clone()))?;
        self.known(group).map(drop)
    }

    fn remove(&mut self, group: &GroupPath) -> Result<(), Error> {
        self.record(Call::Remove(group.clone()))?;
        self.known(group)?;
        let inside = format!("{group}/");
        self.groups.retain(|path, _| path != group && !path.as_str().starts_with(&inside));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_the_rules_and_fails_when_told() {
        let mut recorder = Recorder::new();
        let [outer, inner] = ["a", "a/b"].map(|path| path.parse::<GroupPath>().unwrap());
        let missing = Err(Error::UnknownGroup(outer.clone()));
        assert_eq!(recorder.create(&inner, Holds::Processes), missing);
        recorder.create(&outer, Holds::Processes).unwrap();
        assert_eq!(recorder.create(&outer, Holds::Threads), Err(Error::GroupExists(outer.clone())));
        recorder.create(&inner, Holds::Processes).unwrap();
        for wrong in [[&outer, &inner], [&outer, &outer]] {
            let weights = wrong.map(|group| (group.clone(), NonZeroU64::MIN));
            let refused = recorder.set_weights(&weights);
            assert!(matches!(refused, Err(Error::OutOfRange { .. })), "{refused:?}");
        }
        recorder.fail_at(6, Error::UnknownGroup(inner.clone()));
        assert_eq!(recorder.kill(&outer), Err(Error::UnknownGroup(inner.clone())));
        recorder.kill(&outer).unwrap();
        recorder.remove(&outer).unwrap();
        assert_eq!(recorder.groups().count(), 0);
        assert_eq!(recorder.usage(&inner), Err(Error::UnknownGroup(inner)));
        assert_eq!(recorder.calls().len(), 10);
    }
}
