//! What all snapshots share: those whose parts do not go together are refused.

/// A snapshot whose parts do not go together.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a snapshot: {0}")]
pub(crate) struct Inconsistent(pub(crate) &'static str);

pub(crate) fn check(possible: bool, why: &'static str) -> Result<(), Inconsistent> {
    if possible { Ok(()) } else { Err(Inconsistent(why)) }
}

/// The vacant places are those where nobody is, in any order.
pub(crate) fn check_vacant(
    first: u32,
    are_empty: impl Iterator<Item = bool>,
    vacant: &[u32],
) -> Result<(), Inconsistent> {
    let mut sorted = vacant.to_vec();
    sorted.sort_unstable();
    let empty = (first..).zip(are_empty).filter(|&(_, is_empty)| is_empty);
    check(empty.map(|(place, _)| place).eq(sorted), "the vacant numbers are not the unused ones")
}
