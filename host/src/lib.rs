#![doc = include_str!("../README.md")]

mod adoption;
mod cgroups;
mod control;
mod delegation;
mod entrance;
mod error;
mod executor;
mod files;
mod group;
mod hierarchy;
mod keeper;
mod mountinfo;
mod network;
mod nice;
mod owner;
mod probe;
mod process;
mod qmp;
mod recorder;
mod setting;
mod sweep;
mod system;
mod unified;
pub mod vcpu;
mod weight;

pub use adoption::Adoption;
pub use cgroups::Cgroups;
pub use control::{Applied, GroupControl, Usage};
pub use entrance::Entrance;
pub use error::{Error, Unavailable};
pub use executor::{Executor, Exited, Launch, Output};
pub use group::{GroupPath, Holds, InvalidGroupPath, Task};
pub use hierarchy::{Controller, Place, Survey, Version};
pub use keeper::{Keeper, keep};
pub use network::{
    BitsPerSecond, Network, NetworkControl, NetworkPlan, NetworkRate, NetworkShare, NetworkUsage,
    RecordedNetwork,
};
pub use nice::Nice;
pub use owner::Owner;
pub use probe::{Offer, probe};
pub use process::spawn;
pub use qmp::{Qmp, QmpError};
pub use recorder::{Call, Recorder};
pub use setting::{CpuLimit, Setting};
pub use sweep::{Swept, sweep};
pub use system::System;
pub use weight::{CANDIDATES, Scale};
