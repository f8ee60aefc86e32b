//! The trait between a policy and groups of tasks.

use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::time::Duration;

use crate::{Entrance, Error, GroupPath, Holds, Setting, Task};

/// What puts decisions into force: groups of tasks with weights and limits.
///
/// An implementation owns all groups that it creates, and touches no others. A call that fails
/// changes nothing that it does not name in its error.
pub trait GroupControl {
    /// What carries the decisions out, in words, such as `cgroup v1`.
    fn backend(&self) -> &str;

    /// Creates a group; the one that it is in must exist.
    ///
    /// # Errors
    ///
    /// [`Error::GroupExists`], [`Error::UnknownGroup`] for the parent, or what the system says.
    fn create(&mut self, group: &GroupPath, holds: Holds) -> Result<(), Error>;

    /// Gives groups their weights. The groups are siblings, and all that compete: weights are
    /// scaled into the kernel's range together, so that their ratios survive.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`], [`Error::OutOfRange`] if they are no siblings or one is there twice,
    /// [`Error::NotApplied`], or what the system says.
    fn set_weights(&mut self, weights: &[(GroupPath, NonZeroU64)]) -> Result<Vec<Applied>, Error>;

    /// Tells a group one thing, and reads it back.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if the machine cannot do that; [`Error::UnknownGroup`],
    /// [`Error::OutOfRange`], [`Error::NotApplied`], or what the system says.
    fn set(&mut self, group: &GroupPath, setting: &Setting) -> Result<(), Error>;

    /// Puts a task that runs into a group, and makes sure that it is there.
    ///
    /// # Errors
    ///
    /// [`Error::TaskEnded`] if there is no such task any more; [`Error::UnknownGroup`],
    /// [`Error::NotApplied`], or what the system says.
    fn attach(&mut self, group: &GroupPath, task: Task) -> Result<(), Error>;

    /// What a new process does to begin its life inside the group.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`], or what the system says.
    fn entrance(&self, group: &GroupPath) -> Result<Entrance, Error>;

    /// What the tasks of the group, and of the groups inside it, have used so far.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`], or what the system says.
    fn usage(&self, group: &GroupPath) -> Result<Usage, Error>;

    /// Kills all processes of the group and of the groups inside it, and waits until they are gone.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`], or what the system says; also if some are still there.
    fn kill(&mut self, group: &GroupPath) -> Result<(), Error>;

    /// Removes the group with the groups inside it, which hold no task any more.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`], or what the system says, after having tried for a while.
    fn remove(&mut self, group: &GroupPath) -> Result<(), Error>;
}

/// What became of a weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Applied {
    /// The weight on the kernel's scale, as read back.
    pub weight: u64,
    /// How far the group's share among its siblings is off by rounding to that scale: the share
    /// that follows from what was set less the one that was asked for, from -1 to 1.
    pub error: f64,
}

/// What a group has used since it was created.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// CPU time.
    pub cpu: Duration,
}

impl<C: GroupControl + ?Sized> GroupControl for Box<C> {
    fn backend(&self) -> &str {
        (**self).backend()
    }

    fn create(&mut self, group: &GroupPath, holds: Holds) -> Result<(), Error> {
        (**self).create(group, holds)
    }

    fn set_weights(&mut self, weights: &[(GroupPath, NonZeroU64)]) -> Result<Vec<Applied>, Error> {
        (**self).set_weights(weights)
    }

    fn set(&mut self, group: &GroupPath, setting: &Setting) -> Result<(), Error> {
        (**self).set(group, setting)
    }

    fn attach(&mut self, group: &GroupPath, task: Task) -> Result<(), Error> {
        (**self).attach(group, task)
    }

    fn entrance(&self, group: &GroupPath) -> Result<Entrance, Error> {
        (**self).entrance(group)
    }

    fn usage(&self, group: &GroupPath) -> Result<Usage, Error> {
        (**self).usage(group)
    }

    fn kill(&mut self, group: &GroupPath) -> Result<(), Error> {
        (**self).kill(group)
    }

    fn remove(&mut self, group: &GroupPath) -> Result<(), Error> {
        (**self).remove(group)
    }
}

/// Checks that groups are siblings, each there once.
pub(crate) fn check_siblings(weights: &[(GroupPath, NonZeroU64)]) -> Result<(), Error> {
    let wrong = |group: &GroupPath, expected: &str| {
        Err(Error::OutOfRange {
            what: "group with a weight",
            value: group.to_string(),
            expected: expected.to_owned(),
        })
    };
    let parent = weights.first().and_then(|(first, _)| first.parent());
    let mut seen = BTreeSet::new();
    for (group, _) in weights {
        if group.parent() != parent {
            return wrong(group, &format!("a sibling of `{}`", weights[0].0));
        }
        if !seen.insert(group) {
            return wrong(group, "each group once");
        }
    }
    Ok(())
}
