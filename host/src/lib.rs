#![doc = include_str!("../README.md")]

mod adoption;
mod cgroups;
mod control;
mod delegation;
mod entrance;
mod error;
mod files;
mod group;
mod hierarchy;
mod mountinfo;
mod owner;
mod process;
mod qmp;
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
pub use group::{GroupPath, Holds, InvalidGroupPath, Task};
pub use hierarchy::{Controller, Place, Survey, Version};
pub use owner::Owner;
pub use process::spawn;
pub use qmp::{Qmp, QmpError};
pub use setting::{CpuLimit, Setting};
pub use sweep::{Swept, sweep};
pub use system::System;
pub use weight::{CANDIDATES, Scale};
