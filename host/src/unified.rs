//! Where in the hierarchy of version 2 we may have groups.

use std::path::Path;

use rustix::process::getpid;

use crate::Unavailable;
use crate::delegation::Delegation;
use crate::files;
use crate::hierarchy::{
    Controller, Place, Survey, Version, below, no_rights, outside, read_only, writable,
};
use crate::mountinfo::Mount;

/// The nearest group, from our own upwards, that may have groups with the controller. If there is a
/// place already that is `shared`, it is that one or none.
pub(crate) fn place(
    survey: &Survey,
    controller: Controller,
    mount: &Mount,
    delegation: &Delegation,
    shared: Option<&Place>,
) -> Result<Place, Unavailable> {
    let point = survey.system.path(&mount.point);
    let group = survey.memberships.iter().find(|line| line.is_unified());
    let group = group.map_or("/", |line| &line.group);
    let own = below(&point, &mount.root, group).filter(|folder| folder.is_dir());
    let Some(own) = own else {
        return Err(outside(controller, group, &point));
    };
    if !words(&point.join("cgroup.controllers")).iter().any(|word| offers(controller, word)) {
        return Err(survey.absent(controller));
    }
    if mount.is_read_only() {
        return Err(read_only(controller, &point));
    }
    delegation.allows(group).map_err(|(why, fix)| controller.unavailable(why, fix))?;

    let mut refusal: Option<(Rank, Unavailable)> = None;
    for folder in own.ancestors().take_while(|folder| folder.starts_with(&point)) {
        let place = Place {
            version: Version::V2,
            mount: point.clone(),
            folder: folder.to_owned(),
            own: own.clone(),
            crowded: false,
            root: mount.root.clone(),
        };
        if delegation.allows(&place.group(folder)).is_err() {
            break;
        }
        if shared.is_some_and(|shared| shared.folder != folder) {
            continue;
        }
        match suits(controller, folder, folder == own) {
            Ok(crowded) => return Ok(Place { crowded, ..place }),
            Err(next) => {
                if refusal.as_ref().is_none_or(|refusal| next.0 > refusal.0) {
                    refusal = Some(next);
                }
            }
        }
    }
    Err(refusal.map_or_else(|| outside(controller, group, &point), |(_, unavailable)| unavailable))
}

/// How close a group came to suiting: what to tell if none does.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Rank {
    NotPassedOn,
    Threaded,
    NoRights,
    Populated,
}

/// Whether a group may have groups with the controller; if so, whether we have to leave it first.
fn suits(controller: Controller, folder: &Path, is_own: bool) -> Result<bool, (Rank, Unavailable)> {
    let control = folder.join("cgroup.subtree_control");
    if !words(&folder.join("cgroup.controllers")).iter().any(|word| offers(controller, word)) {
        let above = folder.parent().unwrap_or(folder).join("cgroup.subtree_control");
        let unavailable = controller.unavailable(
            format!("it is not in {}", above.display()),
            format!("as root: `echo +{} > {}`", name(controller), above.display()),
        );
        return Err((Rank::NotPassedOn, unavailable));
    }
    // Only the root of all has no type.
    let kind = files::read(&folder.join("cgroup.type")).ok();
    let is_root = kind.is_none();
    if kind.is_some_and(|kind| kind.trim_end() != "domain") {
        let unavailable = controller.unavailable(
            format!("the group {} is threaded", folder.display()),
            "start it in a group whose cgroup.type is `domain`".to_owned(),
        );
        return Err((Rank::Threaded, unavailable));
    }
    let enabled = words(&control).iter().any(|word| offers(controller, word));
    let procs = folder.join("cgroup.procs");
    if !writable(folder) || !writable(&procs) || !enabled && !writable(&control) {
        let names = ["cgroup.procs", "cgroup.subtree_control"];
        return Err((Rank::NoRights, no_rights(controller, folder, &names)));
    }
    if enabled || is_root {
        return Ok(false);
    }
    let own = getpid().as_raw_pid().to_string();
    let inside = words(&procs);
    if inside.is_empty() {
        return Ok(false);
    }
    if is_own && inside == [own.clone()] {
        return Ok(true);
    }
    let other = inside.iter().find(|process| **process != own).map_or("", String::as_str);
    let unavailable = controller.unavailable(
        format!(
            "process {other} is in {}, and a group with processes has no groups with controllers",
            folder.display()
        ),
        format!(
            "as root: `mkdir -p {0}/others && for p in $(cat {0}/cgroup.procs); do echo $p > \
             {0}/others/cgroup.procs; done; echo +{1} > {0}/cgroup.subtree_control`",
            folder.display(),
            name(controller),
        ),
    );
    Err((Rank::Populated, unavailable))
}

/// What has to be enabled for the controller. CPU time is counted everywhere; where the time of
/// groups is divided is the best place to count.
pub(crate) fn name(controller: Controller) -> &'static str {
    match controller {
        Controller::Cpuacct => Controller::Cpu.name(),
        other => other.name(),
    }
}

fn offers(controller: Controller, word: &str) -> bool {
    word == name(controller)
}

/// The words of a file; none if it cannot be read.
pub(crate) fn words(path: &Path) -> Vec<String> {
    files::read(path).unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect()
}
