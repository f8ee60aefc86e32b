#![doc = include_str!("../README.md")]

mod control;
mod entrance;
mod error;
mod executor;
mod group;
mod keeper;
mod setting;

pub use control::{Applied, GroupControl, Usage};
pub use entrance::Entrance;
pub use error::{Error, Unavailable};
pub use executor::{Executor, Exited, Launch, Output};
pub use group::{GroupPath, Holds, InvalidGroupPath, Task};
pub use keeper::{Keeper, keep};
pub use setting::{CpuLimit, Setting};
