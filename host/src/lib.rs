#![doc = include_str!("../README.md")]

mod control;
mod entrance;
mod error;
mod group;
mod qmp;
mod setting;
pub mod vcpu;

pub use control::{Applied, GroupControl, Usage};
pub use entrance::Entrance;
pub use error::{Error, Unavailable};
pub use group::{GroupPath, Holds, InvalidGroupPath, Task};
pub use qmp::{Qmp, QmpError};
pub use setting::{CpuLimit, Setting};
