use super::random::Random;
use super::subject::{Capped, Full, Grouped, Plain};
use super::{
    Driver, Episode, Failure, Hierarchical, Law, Limited, LimitedGroups, Profile,
    ProportionalShare, Subject,
};

/// What has been played without a law being broken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Operations played.
    pub operations: u64,
    /// Of them, picks.
    pub picks: u64,
    /// Schedulers that were made for them.
    pub episodes: u64,
    /// The largest `S_i w_j - S_j w_i`, in thousandths of its bound: 1000 if the bound was reached.
    pub tightest: u128,
    /// In steady phases, the largest distance from the share of all service, in thousandths of the
    /// largest charge, or of a request with EEVDF.
    pub farthest: u128,
}

/// Plays random operations on schedulers that `make` makes, without entities, and checks the laws
/// of the profile. The same profile plays the same operations.
///
/// # Errors
///
/// The first law broken, and where.
pub fn check<S: ProportionalShare>(
    profile: Profile,
    make: impl Fn() -> S,
) -> Result<Report, Failure> {
    check_subject(profile, || Plain(make()))
}

/// As [`check`], with groups in groups.
///
/// # Errors
///
/// The first law broken, and where.
pub fn check_groups<S: Hierarchical>(
    profile: Profile,
    make: impl Fn() -> S,
) -> Result<Report, Failure> {
    check_subject(profile, || Grouped(make())).and_then(|report| isolated(profile, report, make))
}

/// As [`check`], with hard limits.
///
/// # Errors
///
/// The first law broken, and where.
pub fn check_limits<S: Limited>(profile: Profile, make: impl Fn() -> S) -> Result<Report, Failure> {
    check_subject(profile, || Capped(make()))
}

/// As [`check`], with groups in groups and hard limits of entities and groups.
///
/// # Errors
///
/// The first law broken, and where.
pub fn check_all<S: LimitedGroups>(
    profile: Profile,
    make: impl Fn() -> S,
) -> Result<Report, Failure> {
    check_subject(profile, || Full(make())).and_then(|report| isolated(profile, report, make))
}

fn isolated<S: Hierarchical>(
    profile: Profile,
    report: Report,
    make: impl Fn() -> S,
) -> Result<Report, Failure> {
    if profile.asks(Law::Isolation) {
        super::check_isolation(profile, make)?;
    }
    Ok(report)
}

/// As [`check`], with whatever the subject offers.
///
/// # Errors
///
/// The first law broken, and where.
pub fn check_subject<S: Subject>(
    profile: Profile,
    make: impl Fn() -> S,
) -> Result<Report, Failure> {
    let mut seeds = Random::new(profile.seed);
    let mut report = Report::default();
    while report.operations < profile.operations {
        let seed = seeds.word();
        let mut episode = Episode::new(seed, &profile, S::OFFERS);
        let mut driver = Driver::new(make(), profile);
        // Running everything twice would cost as much again; but the first is there in every run.
        if report.episodes.is_multiple_of(8) && profile.asks(Law::Determinism) {
            driver = driver.with_witness(make());
        }
        let length = episode.length().min(profile.operations - report.operations);
        // Some operations are not legal; should none be any more, the episode ends.
        let mut tries = 64 * length;
        while driver.played < length && tries > 0 {
            tries -= 1;
            let operation = episode.next(driver.busy(), driver.idle());
            driver.play(operation).map_err(|violation| Failure {
                violation,
                seed,
                operations: driver.played + 1,
            })?;
        }
        report.operations += driver.played;
        report.picks += driver.picks;
        report.episodes += 1;
        report.tightest = report.tightest.max(driver.tightest());
        report.farthest = report.farthest.max(driver.farthest());
    }
    Ok(report)
}
