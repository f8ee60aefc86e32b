//! What this machine offers, and to us.

use std::fs::File;
use std::path::Path;

use rustix::process::{Resource, geteuid, getpriority_process, getrlimit};
use rustix::thread::{CpuSet, sched_getaffinity};

use crate::cgroups::{cpuset, settings};
use crate::hierarchy::{Controller, Place, Survey, Version};
use crate::{Error, Network, System, Unavailable, delegation, files};

/// A thing that a machine may offer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offer {
    /// What it is, such as `cgroup controller cpu`.
    pub what: String,
    /// How it is offered, or why not.
    pub state: Result<String, Unavailable>,
}

/// Looks at everything that this crate can use, and changes nothing.
#[must_use]
pub fn probe(system: &System) -> Vec<Offer> {
    let mut offers = vec![user()];
    match Survey::new(system) {
        Ok(survey) => {
            offers.push(delegated(&survey));
            let places = survey.places(&CONTROLLERS);
            offers
                .extend(places.iter().map(|(controller, place)| offer(system, *controller, place)));
            offers.push(threads(&places));
        }
        Err(error) => offers.push(Offer {
            what: "control groups".to_owned(),
            state: Err(Unavailable {
                what: "control groups".to_owned(),
                why: error.to_string(),
                fix: "as root: `mount -t proc proc /proc`".to_owned(),
            }),
        }),
    }
    offers.extend([nice(), affinity(), network(), kvm(system)]);
    offers
}

fn user() -> Offer {
    let user = geteuid();
    let name = if user.is_root() { "0 (root)".to_owned() } else { user.as_raw().to_string() };
    Offer { what: "user".to_owned(), state: Ok(name) }
}

fn delegated(survey: &Survey) -> Offer {
    let what = "delegation of control groups";
    let state = delegation::find(survey).describe();
    let state = state.map_err(|(why, fix)| Unavailable { what: what.to_owned(), why, fix });
    Offer { what: what.to_owned(), state }
}

fn offer(system: &System, controller: Controller, place: &Result<Place, Unavailable>) -> Offer {
    let state = place.clone().map(|place| {
        let mut text = format!("{}, in {}", place.version, place.folder.display());
        if controller == Controller::Io {
            text += &io(system, place.version);
        }
        text
    });
    Offer { what: format!("cgroup controller {}", controller.name()), state }
}

/// Whether any device heeds weights.
fn io(system: &System, version: Version) -> String {
    let devices = crate::cgroups::tasks::names(&system.path("/sys/block"));
    let uses = |device: &&String| {
        let path = system.path(format!("/sys/block/{device}/queue/scheduler"));
        files::read(&path).is_ok_and(|text| text.contains("[bfq]"))
    };
    let found: Vec<&str> = devices.iter().filter(uses).map(String::as_str).collect();
    let [bfq, other] = settings::io_files(version);
    if found.is_empty() {
        format!(
            ", by {bfq} or {other}; no device heeds weights, until root does `echo bfq > \
             /sys/block/DEVICE/queue/scheduler`"
        )
    } else {
        format!(", by {bfq} or {other}; heeded by {}", found.join(", "))
    }
}

fn threads(places: &[(Controller, Result<Place, Unavailable>)]) -> Offer {
    let what = "groups of threads";
    let state = match places.first() {
        Some((_, Ok(place))) if place.version == Version::V1 => Ok("of any process".to_owned()),
        Some((_, Ok(_))) => Ok("inside a group of processes, which holds their process".to_owned()),
        Some((_, Err(unavailable))) => {
            Err(Unavailable { what: what.to_owned(), ..unavailable.clone() })
        }
        None => Ok(String::new()),
    };
    Offer { what: what.to_owned(), state }
}

fn nice() -> Offer {
    let what = "nice levels";
    let own = getpriority_process(None).map_err(|errno| Unavailable {
        what: what.to_owned(),
        why: format!("our own cannot be read: {}", std::io::Error::from(errno)),
        fix: "allow getpriority(2) where system calls are filtered".to_owned(),
    });
    let state = own.map(|own| {
        // `getrlimit(2)`: the lowest level is 20 less the limit; to root it does not apply.
        let limit = getrlimit(Resource::Nice).current.unwrap_or(40).min(40);
        let limit = 20 - i32::try_from(limit).unwrap_or(40);
        let lowest = if geteuid().is_root() { -20 } else { limit.min(own) };
        format!("{lowest} to 19, ours is {own}")
    });
    Offer { what: what.to_owned(), state }
}

fn affinity() -> Offer {
    let what = "affinity";
    let state = match sched_getaffinity(None) {
        Ok(cpus) => {
            let cpus = (0..CpuSet::MAX_CPU).filter(|&cpu| cpus.is_set(cpu));
            let cpus = cpus.filter_map(|cpu| u32::try_from(cpu).ok()).collect();
            Ok(format!("CPUs {}", cpuset::list(&cpus)))
        }
        Err(errno) => Err(Unavailable {
            what: what.to_owned(),
            why: format!("our own CPUs cannot be read: {}", std::io::Error::from(errno)),
            fix: "allow sched_getaffinity(2) where system calls are filtered".to_owned(),
        }),
    };
    Offer { what: what.to_owned(), state }
}

/// Found out by setting one up, out of reach of everybody, which goes at once.
fn network() -> Offer {
    let what = "networks with shares";
    let state = Network::probe().map_err(|error| match error {
        Error::Unavailable(unavailable) => unavailable,
        error => Unavailable {
            what: what.to_owned(),
            why: error.to_string(),
            fix: "end what holds files and memory, and try again as root".to_owned(),
        },
    });
    let state = state.map(|()| "namespaces, and HTB at either end of an uplink".to_owned());
    Offer { what: what.to_owned(), state }
}

/// Whether the device can be opened. Nothing is asked of it.
fn kvm(system: &System) -> Offer {
    let path = system.path(KVM);
    let state = match File::options().read(true).write(true).open(&path) {
        Ok(_) => Ok(KVM.to_owned()),
        Err(error) => Err(no_kvm(&path, &error)),
    };
    Offer { what: "KVM".to_owned(), state }
}

fn no_kvm(path: &Path, error: &std::io::Error) -> Unavailable {
    let user = geteuid().as_raw();
    let (why, fix) = match error.kind() {
        std::io::ErrorKind::NotFound => (
            format!("there is no {}", path.display()),
            "as root: `modprobe kvm_intel || modprobe kvm_amd`, with virtualisation switched on \
             in the firmware, or nested in the machine outside"
                .to_owned(),
        ),
        std::io::ErrorKind::PermissionDenied => (
            format!("user {user} may not open {}", path.display()),
            format!("as root: `setfacl -m u:{user}:rw {}`", path.display()),
        ),
        _ => (
            format!("{} cannot be opened: {error}", path.display()),
            "as root: `modprobe -r kvm_intel kvm_amd kvm; modprobe kvm_intel || modprobe kvm_amd`"
                .to_owned(),
        ),
    };
    Unavailable { what: "KVM".to_owned(), why, fix }
}

const CONTROLLERS: [Controller; 6] = [
    Controller::Cpu,
    Controller::Cpuacct,
    Controller::Cpuset,
    Controller::Memory,
    Controller::Io,
    Controller::Pids,
];
const KVM: &str = "/dev/kvm";
