//! Which hierarchy of control groups a controller is in, and where in it we may have groups.
//!
//! *Sources*: the kernel's `admin-guide/cgroup-v2.rst` and `admin-guide/cgroup-v1/cgroups.rst`.

use std::fmt::{self, Display};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::process::geteuid;

use crate::delegation::{self, Delegation};
use crate::mountinfo::{self, Membership, Mount};
use crate::{Error, System, Unavailable, files, unified};

/// Something that the kernel hands out by groups.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Controller {
    /// CPU time by weight, with limits.
    Cpu,
    /// What CPU time was used. Version 2 counts it in every group.
    Cpuacct,
    /// Which CPUs are used.
    Cpuset,
    /// Memory.
    Memory,
    /// Block devices.
    Io,
    /// The number of processes.
    Pids,
}

impl Controller {
    /// The name that version 1 has for it.
    #[must_use]
    pub fn name_v1(self) -> &'static str {
        match self {
            Self::Io => "blkio",
            other => other.name(),
        }
    }

    /// The name that version 2 has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cpuacct => "cpuacct",
            Self::Cpuset => "cpuset",
            Self::Memory => "memory",
            Self::Io => "io",
            Self::Pids => "pids",
        }
    }

    /// Whether version 2 has it for single threads too.
    pub(crate) fn is_threaded(self) -> bool {
        matches!(self, Self::Cpu | Self::Cpuset | Self::Pids)
    }

    /// What the kernel has to be built with.
    fn option(self) -> &'static str {
        match self {
            Self::Cpu => "CONFIG_FAIR_GROUP_SCHED",
            Self::Cpuacct => "CONFIG_CGROUP_CPUACCT",
            Self::Cpuset => "CONFIG_CPUSETS",
            Self::Memory => "CONFIG_MEMCG",
            Self::Io => "CONFIG_BLK_CGROUP",
            Self::Pids => "CONFIG_CGROUP_PIDS",
        }
    }

    pub(crate) fn unavailable(self, why: String, fix: String) -> Unavailable {
        Unavailable { what: format!("cgroup controller {}", self.name()), why, fix }
    }
}

/// A version of control groups.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "the kernel has these two")]
pub enum Version {
    /// A hierarchy for each controller, or a few of them.
    V1,
    /// One hierarchy for all.
    V2,
}

impl Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "cgroup v1",
            Self::V2 => "cgroup v2",
        })
    }
}

/// A group in which we may have groups.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// The version of its hierarchy.
    pub version: Version,
    /// The folder where its hierarchy is mounted.
    pub mount: PathBuf,
    /// Its own folder.
    pub folder: PathBuf,
    /// The folder of the group that we are in.
    pub own: PathBuf,
    /// Version 2: our process has to leave the group, for only groups without processes have groups
    /// with controllers inside.
    pub crowded: bool,
    /// What the hierarchy calls the group at `mount`.
    pub(crate) root: String,
}

impl Place {
    /// What `/proc/PID/cgroup` calls the group of a folder of this hierarchy.
    pub(crate) fn group(&self, folder: &Path) -> String {
        let below = folder.strip_prefix(&self.mount).unwrap_or(Path::new(""));
        format!("{}/{}", self.root.trim_end_matches('/'), below.display())
    }

    /// The folder of a group of this hierarchy, if it is seen.
    pub(crate) fn folder_of(&self, group: &str) -> Option<PathBuf> {
        below(&self.mount, &self.root, group)
    }
}

/// What the kernel says about its hierarchies and about us, read once.
#[derive(Clone, Debug)]
pub struct Survey {
    pub(crate) system: System,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) memberships: Vec<Membership>,
    built: Vec<(String, bool)>,
}

impl Survey {
    /// Reads `/proc/self/mountinfo`, `/proc/self/cgroup` and `/proc/cgroups`. Where one of the last
    /// two is absent, the kernel has no control groups, and no controller will be found.
    ///
    /// # Errors
    ///
    /// [`Error::System`], if there is no `mountinfo`.
    pub fn new(system: &System) -> Result<Self, Error> {
        let mounts = mountinfo::mounts(&files::read(&system.proc("self/mountinfo"))?);
        let text = |name: &str| files::read(&system.proc(name)).unwrap_or_default();
        Ok(Self {
            system: system.clone(),
            mounts,
            memberships: mountinfo::memberships(&text("self/cgroup")),
            built: mountinfo::built(&text("cgroups")),
        })
    }

    /// Where groups with these controllers can be. All those in version 2 are in one place, as a
    /// process is only in one group there: the place that suits the first of them.
    ///
    /// On a machine with systemd that is only a subtree that systemd has delegated.
    #[must_use]
    pub fn places(
        &self,
        controllers: &[Controller],
    ) -> Vec<(Controller, Result<Place, Unavailable>)> {
        let delegation = delegation::find(self);
        let mut shared: Option<Place> = None;
        let mut places: Vec<(Controller, Result<Place, Unavailable>)> = Vec::new();
        for &controller in controllers {
            let place = self.place(controller, &delegation, shared.as_ref());
            if let Ok(place) = &place
                && place.version == Version::V2
            {
                shared.get_or_insert_with(|| place.clone());
            }
            places.push((controller, place));
        }
        places
    }

    fn place(
        &self,
        controller: Controller,
        delegation: &Delegation,
        shared: Option<&Place>,
    ) -> Result<Place, Unavailable> {
        let name = controller.name_v1();
        let mut refusal = None;
        for mount in self.mounts.iter().filter(|mount| mount.kind == "cgroup") {
            if mount.super_options.iter().any(|option| option == name) {
                match self.place_v1(controller, mount, delegation) {
                    Ok(place) => return Ok(place),
                    Err(unavailable) => refusal = refusal.or(Some(unavailable)),
                }
            }
        }
        if let Some(unavailable) = refusal {
            return Err(unavailable);
        }
        let unified = self.mounts.iter().find(|mount| mount.kind == "cgroup2");
        match unified {
            Some(mount) => unified::place(self, controller, mount, delegation, shared),
            None => Err(self.absent(controller)),
        }
    }

    fn place_v1(
        &self,
        controller: Controller,
        mount: &Mount,
        delegation: &Delegation,
    ) -> Result<Place, Unavailable> {
        let name = controller.name_v1();
        let point = self.system.path(&mount.point);
        let own = self.memberships.iter().find(|line| line.controllers.iter().any(|c| c == name));
        let group = own.map_or("/", |line| &line.group);
        let folder = below(&point, &mount.root, group).filter(|folder| folder.is_dir());
        let Some(folder) = folder else {
            return Err(outside(controller, group, &point));
        };
        if mount.is_read_only() {
            return Err(read_only(controller, &point));
        }
        delegation.allows(group).map_err(|(why, fix)| controller.unavailable(why, fix))?;
        if !writable(&folder) {
            return Err(no_rights(controller, &folder, &["tasks", "cgroup.procs"]));
        }
        Ok(Place {
            version: Version::V1,
            mount: point,
            own: folder.clone(),
            folder,
            crowded: false,
            root: mount.root.clone(),
        })
    }

    /// Why no hierarchy has the controller.
    pub(crate) fn absent(&self, controller: Controller) -> Unavailable {
        let (old, new) = (controller.name_v1(), controller.name());
        if self.memberships.is_empty() && self.built.is_empty() {
            return controller.unavailable(
                "the kernel has no control groups".to_owned(),
                format!("boot a kernel built with CONFIG_CGROUPS and {}", controller.option()),
            );
        }
        match self.built.iter().find(|(name, _)| name == old) {
            Some((_, false)) => controller.unavailable(
                "it was switched off when the kernel was booted".to_owned(),
                format!(
                    "take `cgroup_disable={old}` off the kernel's command line, or add \
                     `cgroup_enable={old}`, and boot again"
                ),
            ),
            Some((_, true)) if self.mounts.iter().any(|mount| mount.kind == "cgroup2") => {
                controller.unavailable(
                    "neither a hierarchy of version 1 nor the one of version 2 has it".to_owned(),
                    format!(
                        "as root: `mkdir -p /sys/fs/cgroup/{old} && mount -t cgroup -o {old} {old} \
                         /sys/fs/cgroup/{old}`"
                    ),
                )
            }
            Some((_, true)) => controller.unavailable(
                "no hierarchy of control groups that has it is mounted".to_owned(),
                "as root: `mount -t cgroup2 cgroup2 /sys/fs/cgroup`".to_owned(),
            ),
            None => controller.unavailable(
                format!("the kernel has no controller {new}"),
                format!("boot a kernel built with {}", controller.option()),
            ),
        }
    }
}

/// The folder of a group of a hierarchy of which `root` is mounted at `point`, if it is seen there.
pub(crate) fn below(point: &Path, root: &str, group: &str) -> Option<PathBuf> {
    let relative = Path::new(group).strip_prefix(root).ok()?;
    let inside = relative.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    inside.then(|| if group == root { point.to_owned() } else { point.join(relative) })
}

/// Whether we may make folders in a folder, or write to a file.
pub(crate) fn writable(path: &Path) -> bool {
    accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok()
}

pub(crate) fn outside(controller: Controller, group: &str, point: &Path) -> Unavailable {
    controller.unavailable(
        format!("our group {group} cannot be seen at {}", point.display()),
        "start it where the group that it is in is mounted, such as outside of the container"
            .to_owned(),
    )
}

pub(crate) fn read_only(controller: Controller, point: &Path) -> Unavailable {
    controller.unavailable(
        format!("mounted read-only on {}", point.display()),
        format!("as root: `mount -o remount,rw {}`", point.display()),
    )
}

pub(crate) fn no_rights(controller: Controller, path: &Path, names: &[&str]) -> Unavailable {
    let user = geteuid().as_raw();
    let files: Vec<_> = names.iter().map(|name| path.join(name).display().to_string()).collect();
    let (folder, files) = (path.display(), files.join(" "));
    // The top of a hierarchy is one that its owner may not write to, unless that is root.
    let is_locked = fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o200 == 0);
    let unlock = if is_locked { format!(" && chmod u+w {folder}") } else { String::new() };
    controller.unavailable(
        format!("user {user} may not create groups in {folder}"),
        format!("run it as root, or as root: `chown {user} {folder} {files}{unlock}`"),
    )
}
