//! Plays operations on bins or a packer, and on the slow twin beside them: for proptest and for the
//! fuzzer.
//!
//! After each call: a refused one has left no trace, and getters say what the twin knows. Now and
//! then all goes on with what is restored from a snapshot.

#[path = "../held/mod.rs"]
mod held;

use std::collections::BTreeSet;

use apportion_binpack::reference::{Online, Outcome};
use apportion_binpack::testkit::{Operation, Operations};
use apportion_binpack::{
    BinId, Bins, Decision, Error, Fit, ItemDecision, ItemId, Packer, Placement,
};

use held::Held;

/// Bins, whose items the caller keeps.
pub(crate) fn play(fit: Fit, operations: &Operations) {
    let mut play = Play::new(fit, operations.opening);
    let mut bins = match operations.opening {
        Some(capacity) => Bins::opening(fit, capacity),
        None => Bins::new(fit),
    };
    let mut items: Vec<(BinId, u64)> = Vec::new();
    for (step, &operation) in operations.operations.iter().enumerate() {
        match operation {
            Operation::Add { capacity } => play.joins(bins.add(capacity).unwrap(), capacity),
            Operation::Remove { bin } => {
                let Some(bin) = play.bin(bin) else { continue };
                let expected = play.twin_remove(bin);
                refused(&bins, expected.is_err(), |bins| assert_eq!(bins.remove(bin), expected));
                if expected.is_ok() {
                    assert_eq!(bins.remove(bin), expected);
                }
            }
            Operation::Place { size } => {
                let expected = play.twin.choose(size);
                let chosen = bins.choose(size).unwrap();
                assert_eq!(numbers(chosen), expected, "{fit} {size}");
                let placed = chosen.placement().map(|placement| placement.bin);
                if step % 2 == 0 {
                    assert_eq!(bins.place(size).unwrap(), chosen);
                } else {
                    assert_eq!(bins.put(size).unwrap(), placed);
                }
                play.places(chosen, size);
                items.extend(placed.map(|bin| (bin, size)));
            }
            Operation::Leave { item } => {
                let Some(item) = item.checked_rem(items.len()) else { continue };
                let (bin, size) = items.swap_remove(item);
                play.releases(&mut bins, bin, size);
            }
            Operation::Occupy { bin, size } => {
                let Some(bin) = play.bin(bin) else { continue };
                let expected = play.occupies(bin, size);
                refused(&bins, expected.is_err(), |bins| {
                    assert_eq!(bins.occupy(bin, size), expected);
                });
                if expected.is_ok() {
                    assert_eq!(bins.occupy(bin, size), expected);
                    items.push((bin, size));
                }
            }
            Operation::Release { bin, size } => {
                let Some(bin) = play.bin(bin) else { continue };
                play.releases(&mut bins, bin, size);
            }
            other => panic!("an unknown operation: {other:?}"),
        }
        play.compare(&bins);
        if step % 64 == 63 {
            play.held.check();
            bins = restored(&bins);
        }
    }
    play.held.check();
}

/// A packer, which keeps the items.
pub(crate) fn play_packer(fit: Fit, operations: &Operations) {
    let mut play = Play::new(fit, operations.opening);
    let mut packer = Packer::new(match operations.opening {
        Some(capacity) => Bins::opening(fit, capacity),
        None => Bins::new(fit),
    });
    // All that ever were.
    let mut items: Vec<(ItemId, BinId, u64, bool)> = Vec::new();
    let mut unique = BTreeSet::new();
    for (step, &operation) in operations.operations.iter().enumerate() {
        match operation {
            Operation::Add { capacity } => play.joins(packer.add_bin(capacity).unwrap(), capacity),
            Operation::Remove { bin } => {
                let Some(bin) = play.bin(bin) else { continue };
                if let Err(error) = play.twin_remove(bin) {
                    refused(&packer, true, |packer| {
                        assert_eq!(packer.remove_bin(bin), Err(error.clone()));
                        assert_eq!(packer.items_of(bin).err(), Some(error));
                    });
                    continue;
                }
                let left = packer.remove_bin(bin).unwrap();
                let inside = items.iter_mut().rev().filter(|item| item.3 && item.1 == bin);
                let expected = inside.map(|item| {
                    item.3 = false;
                    (item.0, item.2)
                });
                assert_eq!(left, expected.collect::<Vec<_>>());
            }
            Operation::Place { size } => {
                let expected = play.twin.choose(size);
                let said = packer.place(size).unwrap();
                let decision = match said {
                    ItemDecision::Place { item, placement } => {
                        assert!(unique.insert(item), "given twice");
                        items.push((item, placement.bin, size, true));
                        Some(placement)
                    }
                    _ => None,
                };
                assert_eq!(decision.map(placement), placed(expected));
                assert_eq!(matches!(said, ItemDecision::Wait), expected == Outcome::Wait);
                if let Some(placement) = decision {
                    play.placed(placement, size);
                }
            }
            Operation::Leave { item } => {
                let Some(at) = item.checked_rem(items.len()) else { continue };
                let (item, bin, size, there) = items[at];
                if there {
                    let residual = play.twin.release(bin.number(), size).unwrap();
                    play.held.leaves(bin, [size]);
                    assert_eq!((packer.bin_of(item), packer.size_of(item)), (Ok(bin), Ok(size)));
                    let left = packer.remove(item).unwrap();
                    assert_eq!((left.item, left.size, left.bin), (item, size, bin));
                    assert_eq!(left.residual, residual);
                    items[at].3 = false;
                } else {
                    let error = Error::UnknownItem { item };
                    refused(&packer, true, |packer| {
                        assert_eq!(packer.remove(item), Err(error.clone()));
                        assert_eq!(packer.bin_of(item), Err(error.clone()));
                        assert_eq!(packer.size_of(item), Err(error.clone()));
                    });
                }
            }
            Operation::Occupy { bin, size } => {
                let Some(bin) = play.bin(bin) else { continue };
                if let Err(error) = play.occupies(bin, size) {
                    refused(&packer, true, |packer| {
                        assert_eq!(packer.occupy(bin, size), Err(error));
                    });
                    continue;
                }
                let item = packer.occupy(bin, size).unwrap();
                assert!(unique.insert(item), "given twice");
                items.push((item, bin, size, true));
            }
            // Items leave whole.
            _ => {}
        }
        play.compare(packer.bins());
        if step % 64 == 63 {
            for bin in packer.bins().iter() {
                let inside = items.iter().rev().filter(|item| item.3 && item.1 == bin);
                let expected: Vec<ItemId> = inside.map(|item| item.0).collect();
                assert_eq!(packer.items_of(bin).unwrap().collect::<Vec<_>>(), expected);
            }
            let there = items.iter().filter(|item| item.3).count();
            assert_eq!((packer.len(), packer.is_empty()), (there, there == 0));
            play.held.check();
            packer = restored(&packer);
        }
    }
    play.held.check();
}

/// The twin, and the handles that were given.
struct Play {
    twin: Online,
    /// By number of bin, those that are there.
    there: Vec<Option<BinId>>,
    /// All that ever were.
    handles: Vec<BinId>,
    unique: BTreeSet<BinId>,
    held: Held<1>,
}

impl Play {
    fn new(fit: Fit, opening: Option<u64>) -> Self {
        Self {
            twin: Online::new(fit, opening),
            there: Vec::new(),
            handles: Vec::new(),
            unique: BTreeSet::new(),
            held: Held::default(),
        }
    }

    fn bin(&self, which: usize) -> Option<BinId> {
        which.checked_rem(self.handles.len()).map(|at| self.handles[at])
    }

    fn joins(&mut self, bin: BinId, capacity: u64) {
        assert_eq!(self.twin.add(capacity), bin.number());
        self.held.joins(bin, [capacity]);
        self.knows(bin);
    }

    fn knows(&mut self, bin: BinId) {
        assert!(self.unique.insert(bin), "given twice");
        self.there.resize(self.twin.bins.len(), None);
        assert_eq!(self.there[bin.number()].replace(bin), None);
        self.handles.push(bin);
    }

    fn is_there(&self, bin: BinId) -> bool {
        self.there.get(bin.number()) == Some(&Some(bin))
    }

    fn twin_remove(&mut self, bin: BinId) -> Result<u64, Error> {
        if !self.is_there(bin) {
            return Err(Error::UnknownBin { bin });
        }
        self.there[bin.number()] = None;
        self.held.goes(bin);
        Ok(self.twin.remove(bin.number()).unwrap())
    }

    fn places(&mut self, decision: Decision<u64>, size: u64) {
        if let Decision::Place(placement) = decision {
            self.placed(placement, size);
        }
    }

    fn placed(&mut self, placed: Placement<u64>, size: u64) {
        assert_eq!(self.twin.place(size), placement(placed));
        if placed.opened {
            self.knows(placed.bin);
        }
        self.held.placed(placed.bin, placed.opened, [size], [placed.residual]);
        assert!(self.is_there(placed.bin));
        assert!(placed.runner_up.is_none_or(|runner_up| self.is_there(runner_up.bin)));
    }

    /// What is to be said of a size that is put in a bin; the twin does it.
    fn occupies(&mut self, bin: BinId, size: u64) -> Result<u64, Error> {
        if !self.is_there(bin) {
            return Err(Error::UnknownBin { bin });
        }
        let (_, residual) = self.twin.bins[bin.number()].unwrap();
        let left = self.twin.occupy(bin.number(), size);
        let left = left.ok_or(Error::MoreThanLeft { bin, size, residual })?;
        self.held.comes(bin, [size]);
        Ok(left)
    }

    fn releases(&mut self, bins: &mut Bins, bin: BinId, size: u64) {
        let expected = if self.is_there(bin) {
            let (capacity, residual) = self.twin.bins[bin.number()].unwrap();
            let residual = self.twin.release(bin.number(), size).ok_or(capacity - residual);
            residual.map_err(|used| Error::MoreThanHeld { bin, size, used })
        } else {
            Err(Error::UnknownBin { bin })
        };
        refused(bins, expected.is_err(), |bins| assert_eq!(bins.release(bin, size), expected));
        if expected.is_ok() {
            assert_eq!(bins.release(bin, size), expected);
            self.held.leaves(bin, [size]);
        }
    }

    fn compare(&self, bins: &Bins) {
        let there: Vec<BinId> = self.there.iter().copied().flatten().collect();
        // Not all each time: that would take most of the time.
        let some = there.iter().skip(self.handles.len() % 3).step_by(1 + there.len() / 4);
        for &bin in some {
            let (capacity, residual) = self.twin.bins[bin.number()].unwrap();
            assert!(bins.contains(bin));
            assert_eq!((bins.capacity(bin), bins.residual(bin)), (Ok(capacity), Ok(residual)));
            assert_eq!(bins.used(bin), Ok(capacity - residual));
        }
        assert_eq!((bins.len(), bins.is_empty()), (there.len(), there.is_empty()));
        if there.len() < 20 {
            assert_eq!(bins.iter().collect::<Vec<_>>(), there);
        }
        if let Some(&stale) = self.handles.first().filter(|bin| !self.is_there(**bin)) {
            let error = Error::UnknownBin { bin: stale };
            assert_eq!((bins.residual(stale), bins.contains(stale)), (Err(error), false));
        }
    }
}

/// Makes a call that is refused, and looks for a trace of it.
fn refused<T: Clone + serde::Serialize>(state: &T, is_refused: bool, call: impl FnOnce(&mut T)) {
    if !is_refused {
        return;
    }
    let mut after = state.clone();
    call(&mut after);
    assert_eq!(saved(&after), saved(state), "a refused call has left a trace");
}

fn saved(state: &impl serde::Serialize) -> String {
    serde_json::to_string(state).expect("it can be written")
}

fn restored<T: serde::Serialize + serde::de::DeserializeOwned>(state: &T) -> T {
    let text = saved(state);
    let restored = serde_json::from_str(&text).expect("it was saved like that");
    assert_eq!(saved(&restored), text);
    restored
}

fn numbers(decision: Decision<u64>) -> Outcome {
    match decision {
        Decision::Place(placed) => placement(placed),
        Decision::Wait => Outcome::Wait,
        Decision::Reject => Outcome::Reject,
        other => panic!("an unknown decision: {other:?}"),
    }
}

fn placement(placement: Placement<u64>) -> Outcome {
    Outcome::Place {
        bin: (placement.bin.number(), placement.residual),
        opened: placement.opened,
        runner_up: placement.runner_up.map(|second| (second.bin.number(), second.residual)),
    }
}

fn placed(outcome: Outcome) -> Option<Outcome> {
    matches!(outcome, Outcome::Place { .. }).then_some(outcome)
}
