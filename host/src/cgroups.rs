//! Groups of tasks as control groups of the kernel.

mod affinity;
pub(crate) mod cpuset;
pub(crate) mod settings;
pub(crate) mod tasks;
mod tree;

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::time::Duration;

use rustix::io::Errno;
use tree::Tree;

use crate::control::check_siblings;
use crate::entrance::Step;
use crate::hierarchy::{Controller, Place, Survey, Version};
use crate::owner::Owner;
use crate::weight::{self, Scale};
use crate::{
    Applied, Entrance, Error, GroupControl, GroupPath, Holds, Setting, System, Task, Unavailable,
    Usage, files,
};

/// Control groups of version 1 or 2, chosen for each controller by where the machine has it.
///
/// All groups lie in one folder of each hierarchy, `apportion-PID-START` (see [`Owner`]), directly
/// in the group that this process is in, or, in version 2, in the nearest one above that may have
/// groups. When this is dropped, what is in the groups is killed and the folders are removed;
/// [`Cgroups::close`] tells what could not be. After a crash, [`sweep`](crate::sweep) does so.
///
/// In version 2 a group with processes of its own has no groups with controllers inside, but for
/// groups of threads, and a process moves itself out of the way, into a group `.self`, if it is
/// alone in a group that is to have some.
///
/// Groups of other programs compete with all of these together, as with a single group of the
/// default weight.
#[derive(Debug)]
pub struct Cgroups {
    pub(crate) trees: Vec<Tree>,
    /// Which tree a controller is in.
    offers: BTreeMap<Controller, Result<usize, Unavailable>>,
    groups: BTreeMap<GroupPath, Group>,
    owner: Owner,
    backend: String,
    closed: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    holds: Holds,
    /// Whether it was told its CPUs, and does not just have those of the group that it is in.
    has_cpus: bool,
}

impl Cgroups {
    /// Groups with every [`Controller`] that the machine offers. What is not offered, a call that
    /// needs it will say; without [`Controller::Pids`], processes that start others faster than they
    /// are killed can outrun [`kill`](GroupControl::kill) in version 1.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] without the controller of the CPU, or what the system says.
    pub fn open(system: &System) -> Result<Self, Error> {
        use Controller::{Cpu, Cpuacct, Cpuset, Io, Memory, Pids};
        Self::with(system, &[Cpu, Cpuacct, Cpuset, Memory, Io, Pids])
    }

    /// Groups with these controllers only, as far as the machine offers them, and that of the CPU.
    ///
    /// # Errors
    ///
    /// As [`Cgroups::open`].
    pub fn with(system: &System, controllers: &[Controller]) -> Result<Self, Error> {
        let survey = Survey::new(system)?;
        let mut wanted = vec![Controller::Cpu];
        wanted.extend(controllers.iter().filter(|&&controller| controller != Controller::Cpu));
        let places = survey.places(&wanted);
        if let Some((_, Err(unavailable))) = places.first() {
            return Err(unavailable.clone().into());
        }
        loop {
            match Self::plant_all(&places, Owner::new(system)?) {
                // Left over from before this process became another program: the next number.
                Err(Error::System { errno: Errno::EXIST, .. }) => {}
                other => return other,
            }
        }
    }

    fn plant_all(
        places: &[(Controller, Result<Place, Unavailable>)],
        owner: Owner,
    ) -> Result<Self, Error> {
        let mut control = Self {
            trees: Vec::new(),
            offers: BTreeMap::new(),
            groups: BTreeMap::new(),
            owner,
            backend: String::new(),
            closed: false,
        };
        for (controller, place) in places {
            let offer = place.clone().map(|place| control.plant(*controller, place));
            control.offers.insert(*controller, offer);
        }
        control.backend = control.trees[0].place.version.to_string();
        // From here on, dropping the control removes what has been made.
        control.trees.iter_mut().try_for_each(Tree::open)?;
        Ok(control)
    }

    /// The tree of a place, which gets the controller.
    fn plant(&mut self, controller: Controller, place: Place) -> usize {
        let index = self.trees.iter().position(|tree| tree.place.folder == place.folder);
        let index = index.unwrap_or_else(|| {
            self.trees.push(Tree::new(place, &self.owner.to_string()));
            self.trees.len() - 1
        });
        self.trees[index].add(controller);
        index
    }

    /// Which version a controller is of, here; or why it is not there.
    ///
    /// # Errors
    ///
    /// [`Unavailable`], also for a controller that was not asked for.
    pub fn version(&self, controller: Controller) -> Result<Version, Unavailable> {
        self.tree(controller).map(|tree| tree.place.version)
    }

    /// Whose groups these are: the name of the folder that they lie in.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Kills what is in the groups, removes them, and tells what could not be.
    ///
    /// # Errors
    ///
    /// The first group that is still there, or what else the system says. All others are removed.
    pub fn close(mut self) -> Result<(), Error> {
        self.shut()
    }

    pub(crate) fn shut(&mut self) -> Result<(), Error> {
        self.closed = true;
        self.groups.clear();
        let stopped = self.tree(Controller::Pids).ok().map(|tree| tree.top.clone());
        let stopped = stopped.map(|folder| tasks::inside(&folder)).unwrap_or_default();
        let stopped: Vec<_> = stopped.iter().map(|folder| tasks::NoMore::new(folder)).collect();
        let mut result = Ok(());
        for tree in &mut self.trees {
            let closed = tree.close();
            result = result.and(closed);
        }
        drop(stopped);
        result
    }

    fn tree(&self, controller: Controller) -> Result<&Tree, Unavailable> {
        match self.offers.get(&controller) {
            Some(Ok(index)) => Ok(&self.trees[*index]),
            Some(Err(unavailable)) => Err(unavailable.clone()),
            None => Err(controller.unavailable(
                "it was not asked for".to_owned(),
                "name it among the controllers".to_owned(),
            )),
        }
    }

    fn group(&self, group: &GroupPath) -> Result<&Group, Error> {
        self.groups.get(group).ok_or_else(|| Error::UnknownGroup(group.clone()))
    }

    /// The group of processes that a group is in or is: where its processes are.
    fn domain(&self, group: &GroupPath) -> Option<GroupPath> {
        let mut next = Some(group.clone());
        while let Some(path) = next {
            if self.groups.get(&path).is_some_and(|group| group.holds == Holds::Processes) {
                return Some(path);
            }
            next = path.parent();
        }
        None
    }

    fn check_new(&self, group: &GroupPath, holds: Holds) -> Result<(), Error> {
        if self.groups.contains_key(group) {
            return Err(Error::GroupExists(group.clone()));
        }
        let parent = group.parent();
        let outer = parent.as_ref().map(|parent| self.group(parent)).transpose()?;
        match (outer.map(|outer| outer.holds), holds) {
            (Some(Holds::Threads), Holds::Processes) => Err(Error::OutOfRange {
                what: "what the group holds",
                value: "processes".to_owned(),
                expected: "threads, as it is inside a group of threads".to_owned(),
            }),
            (None, Holds::Threads)
                if self.trees.iter().any(|tree| tree.place.version == Version::V2) =>
            {
                Err(Unavailable {
                    what: format!("group of threads `{group}` outside of a group of processes"),
                    why: "in cgroup v2 threads stay within the group of their process".to_owned(),
                    fix: "create a group of processes, put the process into it, and groups of \
                          threads inside that"
                        .to_owned(),
                }
                .into())
            }
            _ => Ok(()),
        }
    }
}

impl GroupControl for Cgroups {
    fn backend(&self) -> &str {
        &self.backend
    }

    fn create(&mut self, group: &GroupPath, holds: Holds) -> Result<(), Error> {
        self.check_new(group, holds)?;
        for index in 0..self.trees.len() {
            if let Err(error) = self.trees[index].create(group, holds) {
                for tree in &self.trees[..index] {
                    // It is new and empty; the error that matters is the other.
                    let _ = tree.remove(group);
                }
                return Err(error);
            }
        }
        self.groups.insert(group.clone(), Group { holds, has_cpus: false });
        Ok(())
    }

    fn set_weights(&mut self, weights: &[(GroupPath, NonZeroU64)]) -> Result<Vec<Applied>, Error> {
        let tree = self.tree(Controller::Cpu)?;
        check_siblings(weights)?;
        for (group, _) in weights {
            self.group(group)?;
        }
        let (scale, name) = match tree.place.version {
            Version::V1 => (Scale::SHARES, "cpu.shares"),
            Version::V2 => (Scale::WEIGHT, "cpu.weight"),
        };
        let asked: Vec<NonZeroU64> = weights.iter().map(|(_, weight)| *weight).collect();
        let paths: Vec<_> =
            weights.iter().map(|(group, _)| tree.folder(group).join(name)).collect();
        let before = paths.iter().map(|path| files::read(path)).collect::<Result<Vec<_>, _>>()?;
        let set = scale.fit(&asked);
        for (index, (path, weight)) in paths.iter().zip(&set).enumerate() {
            let text = weight.to_string();
            if let Err(error) = files::put(path, &text, |found| found == text) {
                for (path, text) in paths.iter().zip(&before).take(index + 1) {
                    // Back to what was: if that fails too, the first error says it all.
                    let _ = files::write(path, text.trim_end());
                }
                return Err(error);
            }
        }
        Ok(weight::applied(&asked, &set))
    }

    fn set(&mut self, group: &GroupPath, setting: &Setting) -> Result<(), Error> {
        self.group(group)?;
        match setting {
            Setting::CpuLimit(limit) => {
                let tree = self.tree(Controller::Cpu)?;
                settings::limit_cpu(tree.place.version, &tree.folder(group), limit.as_ref())
            }
            Setting::Cpus(cpus) => {
                cpuset::set(self.tree(Controller::Cpuset)?, &self.groups, group, cpus)?;
                if let Some(group) = self.groups.get_mut(group) {
                    group.has_cpus = true;
                }
                Ok(())
            }
            Setting::Memory(limit) => {
                let tree = self.tree(Controller::Memory)?;
                settings::limit_memory(tree.place.version, &tree.folder(group), *limit)
            }
            Setting::IoWeight(weight) => {
                let tree = self.tree(Controller::Io)?;
                settings::weigh_io(tree.place.version, &tree.folder(group), *weight)
            }
        }
    }

    fn attach(&mut self, group: &GroupPath, task: Task) -> Result<(), Error> {
        let holds = self.group(group)?.holds;
        if matches!((holds, task), (Holds::Processes, Task::Thread(_))) {
            return Err(Error::OutOfRange {
                what: "task",
                value: task.to_string(),
                expected: "a process, as the group holds processes".to_owned(),
            });
        }
        tasks::attach(&self.trees, group, self.domain(group).as_ref(), task)
    }

    fn entrance(&self, group: &GroupPath) -> Result<Entrance, Error> {
        let holds = self.group(group)?.holds;
        let mut steps = Vec::new();
        for tree in &self.trees {
            if holds == Holds::Threads && tree.place.version == Version::V2 {
                let domain = self.domain(group).unwrap_or_else(|| group.clone());
                steps.push(join(&tree.folder(&domain).join("cgroup.procs"))?);
                steps.push(join(&tree.folder(group).join("cgroup.threads"))?);
            } else {
                steps.push(join(&tree.folder(group).join("cgroup.procs"))?);
            }
        }
        if let Some(tree) = affinity::tree(&self.trees)
            && let Some(cpus) = affinity::for_child(&self.trees, tree, &tree.folder(group))
        {
            steps.push(Step::Affinity(Box::new(cpus)));
        }
        Ok(Entrance { steps })
    }

    fn usage(&self, group: &GroupPath) -> Result<Usage, Error> {
        self.group(group)?;
        let tree = self.tree(Controller::Cpuacct)?;
        let folder = tree.folder(group);
        let (path, key, unit) = match tree.place.version {
            Version::V1 => (folder.join("cpuacct.usage"), "", 1),
            Version::V2 => (folder.join("cpu.stat"), "usage_usec ", 1_000),
        };
        let text = files::read(&path)?;
        let value =
            text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse::<u64>().ok());
        let value = value.ok_or_else(|| files::system("understand", &path, Errno::INVAL))?;
        Ok(Usage { cpu: Duration::from_nanos(value.saturating_mul(unit)) })
    }

    fn kill(&mut self, group: &GroupPath) -> Result<(), Error> {
        self.group(group)?;
        let stopped = self.tree(Controller::Pids).ok().map(|tree| tree.folder(group));
        let stopped = stopped.map(|folder| tasks::NoMore::new(&folder));
        let killed =
            self.trees.iter().try_for_each(|tree| tasks::kill(&tree.folder(group), &tree.home));
        drop(stopped);
        killed
    }

    fn remove(&mut self, group: &GroupPath) -> Result<(), Error> {
        self.group(group)?;
        self.trees.iter().try_for_each(|tree| tree.remove(group))?;
        let inside = format!("{group}/");
        self.groups.retain(|path, _| path != group && !path.as_str().starts_with(&inside));
        Ok(())
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        if !self.closed {
            // Whoever wants to know calls `close`.
            let _ = self.shut();
        }
    }
}

fn join(path: &std::path::Path) -> Result<Step, Error> {
    Ok(Step::Join(files::open(path)?.into(), path.to_owned()))
}
