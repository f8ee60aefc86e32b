//! What systemd lets us have.
//!
//! On a machine with systemd all control groups are systemd's, but for the subtrees that it has
//! delegated. *Source*: systemd's `docs/CGROUP_DELEGATION.md`, `systemd.resource-control(5)`.

use std::path::Path;

use rustix::fs::{getxattr, stat};
use rustix::process::geteuid;

use crate::hierarchy::{Survey, below};

/// Which groups are ours to change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Delegation {
    /// Nobody manages them.
    Unmanaged,
    /// This group, and what is in it.
    Subtree(String),
    /// None. With the group that we are in.
    None(String),
}

impl Delegation {
    /// Whether groups may be made in a group; if not, why, and what would help.
    pub(crate) fn allows(&self, group: &str) -> Result<(), (String, String)> {
        match self {
            Self::Unmanaged => Ok(()),
            Self::Subtree(top) if Path::new(group).starts_with(top) => Ok(()),
            Self::Subtree(top) => {
                Err((format!("systemd has delegated {top}, and our group here is {group}"), fix()))
            }
            Self::None(unit) => Err((format!("systemd has not delegated the group {unit}"), fix())),
        }
    }

    /// What to tell about it.
    pub(crate) fn describe(&self) -> Result<String, (String, String)> {
        match self {
            Self::Unmanaged => Ok("no systemd: groups are made where we are".to_owned()),
            Self::Subtree(top) => Ok(format!("systemd has delegated {top}")),
            Self::None(_) => Err(self.allows("").err().unwrap_or_default()),
        }
    }
}

/// Looks for a delegated group from our own upwards, to the unit that it is in and no further: the
/// one above, if it is delegated, is so to somebody else, as `user@1000.service` is to the user's
/// own systemd.
pub(crate) fn find(survey: &Survey) -> Delegation {
    if !survey.system.has_systemd() {
        return Delegation::Unmanaged;
    }
    // Where systemd keeps its units: version 2, if it is mounted, even beside version 1.
    let unified = survey.mounts.iter().find(|mount| mount.kind == "cgroup2");
    let named = survey.mounts.iter().find(|mount| {
        mount.kind == "cgroup" && mount.super_options.iter().any(|option| option == NAMED)
    });
    let Some(mount) = unified.or(named) else {
        return Delegation::None("/".to_owned());
    };
    let line = survey.memberships.iter().find(|line| {
        if unified.is_some() {
            line.is_unified()
        } else {
            line.controllers.iter().any(|name| name == NAMED)
        }
    });
    let own = line.map_or("/", |line| &line.group);
    let point = survey.system.path(&mount.point);
    for group in Path::new(own).ancestors() {
        let Some(text) = group.to_str() else { break };
        let Some(folder) = below(&point, &mount.root, text) else { break };
        if is_marked(&folder) || is_unit(group) && is_given(group, &folder) {
            return Delegation::Subtree(text.to_owned());
        }
        if is_unit(group) {
            break;
        }
    }
    Delegation::None(own.to_owned())
}

/// Whether systemd has left its mark. The one for users came with version 251.
fn is_marked(folder: &Path) -> bool {
    ["user.delegate", "trusted.delegate"].into_iter().any(|name| {
        let mut value = [0_u8; 8];
        getxattr(folder, name, &mut value[..])
            .is_ok_and(|length| value.get(..length) == Some(b"1".as_slice()))
    })
}

/// Whether a unit of the system belongs to us, who are not root: systemd gives away only what it
/// delegates. What is below a user's own systemd belongs to the user in any case.
fn is_given(group: &Path, folder: &Path) -> bool {
    let user = geteuid();
    let users_own = group.iter().any(|name| name.to_string_lossy().starts_with("user@"));
    !user.is_root() && !users_own && stat(folder).is_ok_and(|stat| stat.st_uid == user.as_raw())
}

fn is_unit(group: &Path) -> bool {
    let extension = group.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("service" | "scope" | "slice"))
}

/// What would help, as a line to be typed.
fn fix() -> String {
    let user = if geteuid().is_root() { "" } else { "--user " };
    format!(
        "start it by `systemd-run {user}--scope -p Delegate=yes apportion run SPEC.toml`, or put \
         `Delegate=yes` into the `[Service]` section of its unit"
    )
}

const NAMED: &str = "name=systemd";
