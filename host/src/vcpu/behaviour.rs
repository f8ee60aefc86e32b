use std::num::NonZeroU32;

/// What a vCPU of our own does when it runs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Behaviour {
    /// It works for ever.
    #[default]
    Busy,
    /// It halts after so many turns of its loop, and goes on from there when it runs again.
    Halts(NonZeroU32),
    /// It writes to a port after so many turns of its loop, as if it asked for a device.
    AsksDevice(NonZeroU32),
}

impl Behaviour {
    /// After how many turns of its loop it stops.
    pub(super) fn stops_after(self) -> Option<NonZeroU32> {
        match self {
            Self::Busy => None,
            Self::Halts(turns) | Self::AsksDevice(turns) => Some(turns),
        }
    }
}
