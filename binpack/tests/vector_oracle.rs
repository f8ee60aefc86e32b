//! Any calls in any order: the vectors' fast bins against their slow twin, cached or not.

use apportion_binpack::reference::{self, Choice};
use apportion_binpack::{
    BinId, Decision, Error, Measure, Norm, Scale, Scored, VectorBins, VectorFit,
};
use proptest::prelude::*;

/// A call. What it is about is picked from what there is.
#[derive(Clone, Copy, Debug)]
enum Call<const D: usize> {
    Add([u64; D]),
    Remove(usize),
    Place([u64; D]),
    Repeat(usize),
    Release(usize, bool),
    Save,
}

fn vectors<const D: usize>(most: u64) -> impl Strategy<Value = [u64; D]> {
    let amount = prop_oneof![6 => 0..=most, 1 => Just(0), 1 => Just(most)];
    proptest::collection::vec(amount, D).prop_map(|amounts| amounts.try_into().unwrap())
}

/// Vectors whose amounts are of different orders of magnitude.
fn skewed<const D: usize>(bits: u32) -> impl Strategy<Value = [u64; D]> {
    let amount =
        (0..=bits, any::<u64>()).prop_map(|(bits, word)| word.checked_shr(64 - bits).unwrap_or(0));
    proptest::collection::vec(amount, D).prop_map(|amounts| amounts.try_into().unwrap())
}

fn sizes<const D: usize>() -> impl Strategy<Value = [u64; D]> {
    prop_oneof![4 => vectors(12), 4 => vectors(40), 2 => vectors(100), 2 => skewed(46)]
}

fn capacities<const D: usize>() -> impl Strategy<Value = [u64; D]> {
    prop_oneof![4 => Just([100; D]), 2 => vectors(100), 1 => skewed(46)]
}

fn calls<const D: usize>() -> impl Strategy<Value = Vec<Call<D>>> {
    let call = prop_oneof![
        2 => capacities().prop_map(Call::Add),
        1 => any::<usize>().prop_map(Call::Remove),
        6 => sizes().prop_map(Call::Place),
        8 => any::<usize>().prop_map(Call::Repeat),
        5 => (any::<usize>(), any::<bool>()).prop_map(|(which, all)| Call::Release(which, all)),
        1 => Just(Call::Save),
    ];
    proptest::collection::vec(call, 0..120)
}

fn fits<const D: usize>() -> impl Strategy<Value = VectorFit<D>> {
    let norm = prop::sample::select(&Norm::ALL[..]);
    let scale = prop_oneof![
        Just(Scale::new([1; D])),
        Just(Scale::normalizing(&[100; D])).boxed(),
        vectors::<D>(16).prop_map(Scale::new),
    ];
    let weights = prop_oneof![
        Just([1; D]),
        vectors::<D>(5).prop_map(|weights| weights.map(|weight| u16::try_from(weight).unwrap())),
        Just([u16::MAX; D]),
    ];
    let measure = (norm, scale, weights)
        .prop_map(|(norm, scale, weights)| Measure { norm, scale: scale.weighted(weights) });
    (0..7, measure).prop_map(|(which, measure)| match which {
        0 => VectorFit::Next,
        1 => VectorFit::First,
        2 => VectorFit::Best(measure),
        3 => VectorFit::Worst(measure),
        4 => VectorFit::AlmostWorst(measure),
        5 => VectorFit::NormBased(measure),
        _ => VectorFit::DotProduct(measure.scale),
    })
}

fn choice<const D: usize>(decision: Decision<Scored<D>>) -> Choice<D> {
    match decision {
        Decision::Place(placement) => Choice::Bin {
            number: placement.bin.number(),
            opened: placement.opened,
            residual: placement.residual.amounts,
            score: placement.residual.score,
            runner_up: placement.runner_up.map(|second| {
                (second.bin.number(), second.residual.amounts, second.residual.score)
            }),
        },
        Decision::Wait => Choice::Wait,
        Decision::Reject => Choice::Reject,
        other => panic!("no decision that is known: {other:?}"),
    }
}

/// Fast, cached and slow bins side by side.
struct Run<const D: usize> {
    fast: VectorBins<D>,
    cached: VectorBins<D>,
    slow: reference::VectorBins<D>,
    placed: Vec<(BinId, [u64; D])>,
    asked: Vec<[u64; D]>,
    gone: Option<BinId>,
}

impl<const D: usize> Run<D> {
    fn new(fit: VectorFit<D>, opening: Option<[u64; D]>, cache: usize) -> Option<Self> {
        let fast = match opening {
            None => VectorBins::new(fit),
            Some(capacity) => VectorBins::opening(fit, capacity).ok()?,
        };
        Some(Self {
            cached: fast.clone().with_cache(cache),
            fast,
            slow: reference::VectorBins { fit, opening, bins: Vec::new(), last: 0 },
            placed: Vec::new(),
            asked: Vec::new(),
            gone: None,
        })
    }

    fn place(&mut self, size: [u64; D]) {
        let chosen = self.fast.choose(size).unwrap();
        let expected = self.slow.place(size);
        assert_eq!(choice(chosen), expected, "choose {size:?}");
        assert_eq!(self.fast.place(size).unwrap(), chosen, "place {size:?}");
        assert_eq!(self.cached.place(size).unwrap(), chosen, "place {size:?} with a cache");
        if let Decision::Place(placement) = chosen {
            self.placed.push((placement.bin, size));
            assert_eq!(self.fast.residual(placement.bin), Ok(placement.residual.amounts));
        }
        self.asked.push(size);
    }

    fn call(&mut self, call: Call<D>) {
        match call {
            Call::Add(capacity) => match self.fast.add(capacity) {
                Ok(bin) => {
                    assert_eq!(self.cached.add(capacity), Ok(bin));
                    assert_eq!(bin.number(), self.slow.add(capacity));
                }
                Err(error) => {
                    assert!(matches!(error, Error::TooLargeToCompare { .. }));
                    assert_eq!(self.cached.add(capacity), Err(error));
                }
            },
            Call::Remove(which) => {
                if let Some(bin) = pick(&self.fast.iter().collect::<Vec<_>>(), which) {
                    let held = self.fast.remove(bin);
                    assert_eq!(held, self.cached.remove(bin));
                    let items = self.placed.iter().filter(|(place, _)| *place == bin);
                    let sum = items.fold([0; D], |sum, (_, size)| {
                        core::array::from_fn(|dimension| sum[dimension] + size[dimension])
                    });
                    assert_eq!(held, Ok(sum), "what was in it comes out");
                    self.slow.remove(bin.number());
                    self.placed.retain(|(place, _)| *place != bin);
                    self.gone = Some(bin);
                }
            }
            Call::Place(size) => self.place(size),
            Call::Repeat(which) => {
                if let Some(size) = pick(&self.asked, which % 7) {
                    self.place(size);
                }
            }
            Call::Release(which, all) => {
                if let Some(bin) = self.gone {
                    let unknown = Err(Error::UnknownBin { bin });
                    assert_eq!(self.fast.release(bin, [0; D]), unknown);
                    assert_eq!(self.fast.remove(bin), unknown);
                    assert_eq!(self.fast.residual(bin), unknown);
                }
                if let Some((bin, size)) = pick(&self.placed, which) {
                    let size = if all { size } else { size.map(|amount| amount / 2) };
                    self.fast.release(bin, size).unwrap();
                    self.cached.release(bin, size).unwrap();
                    if let Some((_, left)) = &mut self.slow.bins[bin.number()] {
                        *left = core::array::from_fn(|d| left[d] + size[d]);
                    }
                    let count = self.placed.len();
                    let entry = &mut self.placed[which % count];
                    entry.1 = core::array::from_fn(|d| entry.1[d] - size[d]);
                }
            }
            Call::Save => {
                for bins in [&mut self.fast, &mut self.cached] {
                    let text = serde_json::to_string(bins).unwrap();
                    *bins = serde_json::from_str(&text).unwrap();
                    assert_eq!(serde_json::to_string(bins).unwrap(), text);
                }
            }
        }
    }
}

fn pick<T: Copy>(from: &[T], which: usize) -> Option<T> {
    if from.is_empty() { None } else { Some(from[which % from.len()]) }
}

fn run<const D: usize>(
    fit: VectorFit<D>,
    opening: Option<[u64; D]>,
    cache: usize,
    calls: Vec<Call<D>>,
) {
    if let Some(mut run) = Run::new(fit, opening, cache) {
        for call in calls {
            run.call(call);
            assert_eq!(run.fast.len(), run.slow.bins.iter().flatten().count());
        }
    }
}

macro_rules! oracle {
    ($($name:ident $dimensions:literal),*) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]
            $(
                #[test]
                fn $name(
                    fit in fits::<$dimensions>(),
                    opening in proptest::option::of(capacities()),
                    cache in 0..6_usize,
                    calls in calls(),
                ) {
                    run(fit, opening, cache, calls);
                }
            )*
        }
    };
}

oracle!(one_dimension 1, two_dimensions 2, four_dimensions 4, nine_dimensions 9);

/// A thousand machines of three kinds, sizes that repeat, and a long time.
#[test]
fn a_cell_runs_for_long_and_the_cache_never_differs() {
    let machine = [64_000_u64, 262_144, 10_000, 4];
    let scale = Scale::normalizing(&machine).weighted([3, 2, 1, 5]);
    let mut policies = vec![VectorFit::DotProduct(scale)];
    for norm in Norm::ALL {
        let measure = Measure { norm, scale };
        policies.extend([
            VectorFit::Best(measure),
            VectorFit::Worst(measure),
            VectorFit::AlmostWorst(measure),
            VectorFit::NormBased(measure),
        ]);
    }
    for fit in policies {
        let mut state = 1_u64;
        let mut next = move || splitmix(&mut state);
        let mut run = Run::new(fit, None, 24).unwrap();
        for number in 0..1000 {
            let factor = 1 + number % 3;
            run.call(Call::Add(machine.map(|amount| amount * factor / 2)));
        }
        let shapes: Vec<_> =
            (0..30).map(|_| machine.map(|amount| next() % (amount / 6 + 2))).collect();
        let mut placed: Vec<(BinId, [u64; 4])> = Vec::new();
        for turn in 0..4000 {
            let size = shapes[usize::try_from(next() % 30).unwrap()];
            let cached = run.cached.place(size).unwrap();
            assert_eq!(run.fast.place(size).unwrap(), cached, "{fit} in turn {turn}");
            if turn % 16 == 0 {
                assert_eq!(choice(cached), run.slow.choose(size), "{fit} in turn {turn}");
            }
            if let Some(placement) = cached.placement() {
                placed.push((placement.bin, size));
                let number = placement.bin.number();
                run.slow.bins[number].as_mut().unwrap().1 = placement.residual.amounts;
            }
            while placed.len() > 2500 {
                let which = usize::try_from(next()).unwrap() % placed.len();
                let (bin, size) = placed.swap_remove(which);
                run.fast.release(bin, size).unwrap();
                run.cached.release(bin, size).unwrap();
                let left = &mut run.slow.bins[bin.number()].as_mut().unwrap().1;
                *left = core::array::from_fn(|d| left[d] + size[d]);
            }
        }
    }
}

fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[test]
fn a_unit_beyond_the_limit_has_no_say() {
    // No bin has any of the second dimension, so its unit may be anything.
    let scale = Scale::new([1, u64::MAX]).weighted([1, u16::MAX]);
    let mut fits = vec![VectorFit::DotProduct(scale)];
    for norm in Norm::ALL {
        let measure = Measure { norm, scale };
        fits.extend([VectorFit::Best(measure), VectorFit::Worst(measure)]);
        fits.extend([VectorFit::AlmostWorst(measure), VectorFit::NormBased(measure)]);
    }
    for fit in fits {
        let mut bins = VectorBins::new(fit);
        let only = bins.add([9, 0]).unwrap();
        let placement = bins.place([4, 0]).unwrap().placement().unwrap();
        assert_eq!((placement.bin, placement.residual.amounts), (only, [5, 0]));
        assert!(matches!(bins.place([1, 1]), Ok(Decision::Reject)));
        assert!(matches!(bins.add([1, 1]), Err(Error::TooLargeToCompare { dimension: 1, .. })));
    }
}
