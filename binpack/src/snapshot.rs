/// A snapshot that cannot have been made by this crate.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a snapshot: {0}")]
pub(crate) struct Inconsistent(pub(crate) &'static str);

pub(crate) fn check(holds: bool, otherwise: &'static str) -> Result<(), Inconsistent> {
    if holds { Ok(()) } else { Err(Inconsistent(otherwise)) }
}
