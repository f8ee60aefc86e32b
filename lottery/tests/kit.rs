//! The kit: what is right passes; each mistake is refused by the law it breaks.

use apportion_lottery::testkit::wrong::{Mistake, Model};
use apportion_lottery::testkit::{
    Law, Violation, check_chances, check_compensation, check_currencies, check_enumeration,
    check_losers, check_turns, chi_square, critical,
};

fn model(mistake: Mistake) -> impl Fn() -> Model {
    move || Model::new(mistake)
}

#[test]
fn a_plain_lottery_keeps_every_law() -> Result<(), Violation> {
    for seed in 0..2 {
        let right = model(Mistake::Nothing);
        check_enumeration(seed, &right)?;
        check_chances(seed, &right)?;
        check_losers(seed, &right)?;
        check_compensation(seed, &right)?;
        check_currencies(seed, &right)?;
        check_turns(seed, &right)?;
    }
    Ok(())
}

#[test]
fn each_mistake_breaks_its_law() {
    type Check = fn(u64, Mistake) -> Result<(), Violation>;
    let chances: Check = |seed, mistake| check_chances(seed, model(mistake));
    let losers: Check = |seed, mistake| check_losers(seed, model(mistake));
    let compensation: Check = |seed, mistake| check_compensation(seed, model(mistake));
    let currencies: Check = |seed, mistake| check_currencies(seed, model(mistake));
    let enumeration: Check = |seed, mistake| check_enumeration(seed, model(mistake));
    let turns: Check = |seed, mistake| check_turns(seed, model(mistake));
    for (mistake, law, check) in [
        (Mistake::ModuloBias, Law::Chances, chances),
        (Mistake::NoChance, Law::Chances, chances),
        (Mistake::OffByOne, Law::Enumeration, enumeration),
        (Mistake::KeepsCompensation, Law::Compensation, compensation),
        (Mistake::Uncompensated, Law::Compensation, compensation),
        (Mistake::LosesEvenly, Law::Chances, losers),
        (Mistake::OneCurrency, Law::Isolation, currencies),
        (Mistake::RoundsValues, Law::Conservation, currencies),
        (Mistake::FloatTags, Law::Pairwise, turns),
        (Mistake::RoundsStrides, Law::Pairwise, turns),
    ] {
        for seed in 0..2 {
            let violation = check(seed, mistake).expect_err("it is wrong");
            assert_eq!(violation.law(), law, "{mistake:?}: {violation}");
        }
    }
}

#[test]
fn the_band_is_that_of_the_tables() {
    for (degrees, expected) in [(2, 13.82), (9, 27.88), (99, 148.23), (999, 1143.9)] {
        assert!((critical(degrees) - expected).abs() < 0.025 * expected, "{}", critical(degrees));
    }
    assert!((chi_square(&[6, 4], &[1.0, 1.0]) - 0.4).abs() < 1e-9);
    assert!(chi_square(&[1, 1], &[1.0, 0.0]).is_infinite());
}
