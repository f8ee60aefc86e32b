//! The laws of the kit on the types of this crate.

use apportion_lottery::testkit::{
    Clients, Funded, Strides, Violation, check_chances, check_compensation, check_currencies,
    check_enumeration, check_losers, check_turns,
};

#[test]
fn a_lottery_keeps_every_law() -> Result<(), Violation> {
    for seed in 0..6 {
        check_enumeration(seed, Clients::default)?;
        check_chances(seed, Clients::default)?;
        check_losers(seed, Clients::default)?;
    }
    Ok(())
}

#[test]
fn currencies_keep_every_law() -> Result<(), Violation> {
    for seed in 0..3 {
        check_chances(seed, Funded::default)?;
        check_losers(seed, Funded::default)?;
        check_compensation(seed, Funded::default)?;
        check_currencies(seed, Funded::default)?;
    }
    Ok(())
}

#[test]
fn stride_keeps_every_law() -> Result<(), Violation> {
    (0..10).try_for_each(|seed| check_turns(seed, Strides::default))
}
