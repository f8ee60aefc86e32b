//! The kit for packers that know all items: what is right keeps every law; each mistake is refused
//! by the law it breaks.

use apportion_binpack::testkit::wrong::{PackingMistake, claim_optimal, pack};
use apportion_binpack::testkit::{
    CaseInstance, Law, Violation, check_bounds, check_offline, known_optima, most_bins,
    most_bins_any_fit, most_bins_decreasing,
};
use apportion_binpack::{
    Fit, Improver, Instance, Order, Size, VectorHeuristic, VectorImprover, VectorInstance, l1, l2,
    portfolio, vector_lower_bound, vector_portfolio,
};

#[test]
fn rules_keep_every_law() -> Result<(), Violation> {
    for seed in 0..3 {
        for fit in Fit::ALL {
            for order in [Order::AsGiven, Order::Decreasing, Order::Shuffled(seed)] {
                check_offline(
                    known_optima(seed),
                    |optimum| most_bins(fit, optimum),
                    |instance| apportion_binpack::pack(instance, fit, order),
                )?;
            }
        }
        check_offline(known_optima(seed), most_bins_decreasing, |instance| {
            apportion_binpack::pack(instance, Fit::First, Order::Decreasing)
        })?;
        check_offline(known_optima(seed), most_bins_decreasing, |instance| portfolio(instance).0)?;
        check_offline::<Instance>(known_optima(seed), most_bins_decreasing, |instance| {
            pack(instance, PackingMistake::Nothing)
        })?;
    }
    Ok(())
}

#[test]
fn bounds_are_bounds() -> Result<(), Violation> {
    for seed in 0..3 {
        check_bounds(known_optima(seed), |instance| (portfolio(instance).0, l1(instance)))?;
        check_bounds(known_optima(seed), |instance| (portfolio(instance).0, l2(instance)))?;
        check_bounds(known_optima(seed), |instance| {
            let mut improver = Improver::new(instance);
            improver.run(200);
            assert_eq!(improver.is_optimal(), improver.bins() == improver.lower_bound());
            (improver.assignment().clone(), improver.lower_bound())
        })?;
    }
    Ok(())
}

fn vectors_keep_every_law<const D: usize>(every: usize) {
    let most = |optimum| most_bins_any_fit(D, optimum);
    for heuristic in VectorHeuristic::all().step_by(every) {
        check_offline::<VectorInstance<D>>(known_optima(1), most, |instance| {
            heuristic.pack(instance)
        })
        .unwrap();
    }
    check_offline::<VectorInstance<D>>(known_optima(1), most, |instance| {
        pack(instance, PackingMistake::Nothing)
    })
    .unwrap();
    check_bounds::<VectorInstance<D>>(known_optima(1), |instance| {
        let start = VectorHeuristic::FirstFit.pack(instance);
        let mut improver = VectorImprover::new(instance.clone(), start, 1).unwrap();
        improver.run(2_000);
        let bound = improver.lower_bound();
        assert_eq!(improver.is_optimal(), improver.assignment().bins() == bound);
        (improver.assignment().clone(), bound)
    })
    .unwrap();
}

#[test]
fn vectors() {
    vectors_keep_every_law::<1>(7);
    vectors_keep_every_law::<2>(1);
    vectors_keep_every_law::<5>(5);
    check_bounds::<VectorInstance<2>>(known_optima(2), |instance| {
        (vector_portfolio(instance).0, vector_lower_bound(instance))
    })
    .unwrap();
}

/// By this promise, exactly these mistakes are found.
fn refused<I: CaseInstance>(most: impl Fn(usize) -> usize + Copy, ratios: &[PackingMistake]) {
    for seed in 0..3 {
        for mistake in PackingMistake::ALL {
            let law = mistake.law().filter(|law| *law != Law::Ratio || ratios.contains(&mistake));
            let found =
                check_offline::<I>(known_optima(seed), most, |instance| pack(instance, mistake));
            assert_eq!(found.err().map(|found| found.law()), law, "{mistake:?} {seed}");
        }
    }
}

#[test]
fn each_mistake_breaks_its_law() {
    use PackingMistake::{LastOnly, OneEach, Unsorted};

    refused::<Instance>(|_| usize::MAX, &[]);
    refused::<Instance>(most_bins_decreasing, &[Unsorted, LastOnly, OneEach]);
    refused::<Instance>(|optimum| most_bins(Fit::First, optimum), &[LastOnly, OneEach]);
    refused::<Instance>(|optimum| most_bins(Fit::Best, optimum), &[LastOnly, OneEach]);
    refused::<Instance>(|optimum| most_bins(Fit::Next, optimum), &[OneEach]);
    refused::<VectorInstance<3>>(|_| usize::MAX, &[]);
    refused::<VectorInstance<3>>(|optimum| most_bins_any_fit(3, optimum), &[OneEach]);
}

/// What is claimed and is not so.
fn claims_are_refused<I: CaseInstance>() {
    for seed in 0..3 {
        assert_eq!(
            check_bounds::<I>(known_optima(seed), claim_optimal).unwrap_err().law(),
            Law::Bound
        );
        // Two items of half a bin go together.
        let halves = |instance: &I| {
            let capacity = instance.bin();
            let count = instance.items().iter().filter(|size| {
                size.amounts()
                    .iter()
                    .zip(capacity.amounts())
                    .any(|(size, most)| *size >= most.div_ceil(2) && size <= most)
            });
            (pack(instance, PackingMistake::Nothing), count.count())
        };
        assert_eq!(check_bounds::<I>(known_optima(seed), halves).unwrap_err().law(), Law::Bound);
    }
}

#[test]
fn false_bounds_are_refused() {
    claims_are_refused::<Instance>();
    claims_are_refused::<VectorInstance<3>>();
}
