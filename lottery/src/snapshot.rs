use alloc::vec::Vec;

/// A snapshot that cannot have been made by this crate.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a snapshot: {0}")]
pub(crate) struct Inconsistent(pub(crate) &'static str);

pub(crate) fn check(holds: bool, otherwise: &'static str) -> Result<(), Inconsistent> {
    if holds { Ok(()) } else { Err(Inconsistent(otherwise)) }
}

/// Whether the vacant numbers are those without content, each of them once.
pub(crate) fn check_vacant(mut unseen: Vec<bool>, vacant: &[u32]) -> Result<(), Inconsistent> {
    check(u32::try_from(unseen.len()).is_ok(), "it is too large")?;
    for &index in vacant {
        let unseen = unseen.get_mut(index as usize).filter(|unseen| **unseen);
        *unseen.ok_or(Inconsistent("a number is vacant twice, or not at all"))? = false;
    }
    check(!unseen.contains(&true), "a vacant number is missing")
}
