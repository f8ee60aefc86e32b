//! Calls of vector bins, and what is to be expected of them: for proptest and for the fuzzer.

#[path = "../held/mod.rs"]
pub(crate) mod held;

use apportion_binpack::reference::{self, Choice};
use apportion_binpack::{BinId, Decision, Error, Scored, VectorBins, VectorFit};

use held::Held;

/// A call. What it is about is picked from what there is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call<const D: usize> {
    Add([u64; D]),
    Remove(usize),
    Place([u64; D]),
    Repeat(usize),
    Occupy(usize, [u64; D]),
    Release(usize, bool),
    Save,
}

/// What the slow twin would say for it.
pub(crate) fn choice<const D: usize>(decision: Decision<Scored<D>>) -> Choice<D> {
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
pub(crate) struct Run<const D: usize> {
    pub(crate) fast: VectorBins<D>,
    pub(crate) cached: VectorBins<D>,
    pub(crate) slow: reference::VectorBins<D>,
    placed: Vec<(BinId, [u64; D])>,
    asked: Vec<[u64; D]>,
    gone: Option<BinId>,
    pub(crate) held: Held<D>,
}

impl<const D: usize> Run<D> {
    pub(crate) fn new(fit: VectorFit<D>, opening: Option<[u64; D]>, cache: usize) -> Option<Self> {
        let fast = match opening {
            None => VectorBins::new(fit),
            Some(capacity) => VectorBins::opening(fit, capacity).ok()?,
        };
        Some(Self {
            cached: fast.clone().with_cache(cache),
            fast,
            slow: reference::VectorBins::new(fit, opening),
            placed: Vec::new(),
            asked: Vec::new(),
            gone: None,
            held: Held::default(),
        })
    }

    fn place(&mut self, size: [u64; D]) {
        let chosen = self.fast.choose(size).unwrap();
        let expected = self.slow.place(size);
        assert_eq!(choice(chosen), expected, "choose {size:?}");
        assert_eq!(self.fast.place(size).unwrap(), chosen, "place {size:?}");
        assert_eq!(self.cached.place(size).unwrap(), chosen, "place {size:?} with a cache");
        if let Decision::Place(placement) = chosen {
            let left = placement.residual.amounts;
            self.held.placed(placement.bin, placement.opened, size, left);
            self.held.check();
            self.placed.push((placement.bin, size));
            assert_eq!(self.fast.residual(placement.bin), Ok(placement.residual.amounts));
        }
        self.asked.push(size);
    }

    fn occupy(&mut self, bin: BinId, size: [u64; D]) {
        let before = self.fast.residual(bin);
        let saved = serde_json::to_string(&self.fast).unwrap();
        let left = self.fast.occupy(bin, size);
        assert_eq!(self.cached.occupy(bin, size), left);
        match left.clone() {
            Ok(left) => {
                assert_eq!(self.slow.occupy(bin.number(), size), Some(left));
                self.held.comes(bin, size);
                self.held.check();
                self.placed.push((bin, size));
                assert_eq!(self.fast.residual(bin), Ok(left));
            }
            Err(Error::MoreThanLeft { bin: refusing, size: amount, residual }) => {
                assert_eq!(self.slow.occupy(bin.number(), size), None);
                let amounts = size.into_iter().zip(before.unwrap());
                let first = amounts.clone().find(|(size, residual)| size > residual);
                assert_eq!((refusing, Some((amount, residual))), (bin, first));
            }
            Err(error) => {
                assert_eq!((Some(bin), &error), (self.gone, &Error::UnknownBin { bin }));
            }
        }
        if left.is_err() {
            assert_eq!(serde_json::to_string(&self.fast).unwrap(), saved, "a trace is left");
        }
    }

    pub(crate) fn call(&mut self, call: Call<D>) {
        match call {
            Call::Add(capacity) => match self.fast.add(capacity) {
                Ok(bin) => {
                    assert_eq!(self.cached.add(capacity), Ok(bin));
                    assert_eq!(bin.number(), self.slow.add(capacity));
                    self.held.joins(bin, capacity);
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
                    self.held.goes(bin);
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
            Call::Occupy(which, size) => {
                let bins: Vec<BinId> = self.fast.iter().chain(self.gone).collect();
                if let Some(bin) = pick(&bins, which) {
                    self.occupy(bin, size);
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
                    self.slow.release(bin.number(), size).unwrap();
                    self.held.leaves(bin, size);
                    let count = self.placed.len();
                    let entry = &mut self.placed[which % count];
                    entry.1 = core::array::from_fn(|d| entry.1[d] - size[d]);
                }
            }
            Call::Save => {
                self.held.check();
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

/// Plays calls on all three. Nothing if no bin of this capacity can be opened.
pub(crate) fn play<const D: usize>(
    fit: VectorFit<D>,
    opening: Option<[u64; D]>,
    cache: usize,
    calls: &[Call<D>],
) {
    if let Some(mut run) = Run::new(fit, opening, cache) {
        for call in calls {
            run.call(*call);
            assert_eq!(run.fast.len(), run.slow.bins.iter().flatten().count());
        }
        run.held.check();
    }
}
