//! Cases worked by hand: one for each documented rule, error and limit.

mod held;

use apportion_binpack::{
    BinId, BinSet, Bins, Decision, Error, Fit, ItemDecision, Packer, Placement, VectorBins,
    VectorFit,
};

use held::{CheckedBins, CheckedVectors, Held};

fn place(bins: &mut CheckedBins, size: u64) -> Placement<u64> {
    let Decision::Place(placement) = bins.place(size).unwrap() else { panic!("{size} fits") };
    placement
}

fn numbers(fit: Fit, capacity: u64, sizes: &[u64]) -> Vec<usize> {
    let mut bins = CheckedBins::new(Bins::opening(fit, capacity));
    sizes.iter().map(|size| place(&mut bins, *size).bin.number()).collect()
}

#[test]
fn each_policy_on_the_same_items() {
    let sizes = [5, 7, 6, 2, 4, 1, 3];
    for (fit, expected) in [
        (Fit::Next, [0, 1, 2, 2, 3, 3, 3]),
        (Fit::First, [0, 1, 2, 0, 2, 0, 1]),
        (Fit::Best, [0, 1, 2, 1, 2, 1, 0]),
        (Fit::Worst, [0, 1, 2, 0, 2, 0, 1]),
        (Fit::AlmostWorst, [0, 1, 2, 2, 0, 2, 1]),
    ] {
        assert_eq!(numbers(fit, 10, &sizes), expected, "{fit}");
    }
}

#[test]
fn ties_go_to_the_lowest_number() {
    for (fit, expected) in [
        (Fit::Next, [0, 0, 1]),
        (Fit::First, [0, 0, 1]),
        (Fit::Best, [0, 0, 1]),
        (Fit::Worst, [0, 1, 2]),
        (Fit::AlmostWorst, [1, 2, 1]),
    ] {
        let mut bins = CheckedBins::new(Bins::new(fit));
        let _ = [(); 3].map(|()| bins.add(10).unwrap());
        let found = [5, 5, 5].map(|size| place(&mut bins, size).bin.number());
        assert_eq!(found, expected, "{fit}");
    }
}

#[test]
fn next_fit_where_no_bin_opens_goes_round() {
    let mut bins = CheckedBins::new(Bins::new(Fit::Next));
    let all: Vec<BinId> = [10, 10, 10].map(|capacity| bins.add(capacity).unwrap()).into();
    assert_eq!(place(&mut bins, 6).bin, all[0]);
    assert_eq!(place(&mut bins, 6).bin, all[1]);
    // Not back to the first, which has room.
    let placement = place(&mut bins, 5);
    assert_eq!(placement.bin, all[2]);
    assert_eq!(placement.runner_up, None);
    // From the last to the first.
    let placement = place(&mut bins, 4);
    assert_eq!((placement.bin, placement.runner_up.unwrap().bin), (all[2], all[0]));
    bins.remove(all[2]).unwrap();
    assert_eq!(place(&mut bins, 4).bin, all[0]);
}

#[test]
fn next_fit_where_bins_open_forgets_what_is_not_the_last() {
    let mut bins = CheckedBins::new(Bins::opening(Fit::Next, 10));
    let first = place(&mut bins, 6).bin;
    let second = place(&mut bins, 6);
    assert!(second.opened && second.bin != first && second.runner_up.is_none());
    bins.remove(second.bin).unwrap();
    // There is no last one now, though the first has room; the number is used again.
    let third = place(&mut bins, 1);
    assert!(third.opened);
    assert_eq!(third.bin.number(), second.bin.number());
    assert_ne!(third.bin, second.bin);
    // One that was added is the last.
    let added = bins.add(100).unwrap();
    assert_eq!(place(&mut bins, 50).bin, added);
    // It is too large to open a bin for, and would fit the one that was added, but not now.
    assert_eq!(bins.place(60), Ok(Decision::Wait));
    assert_eq!(bins.place(101), Ok(Decision::Reject));
}

#[test]
fn wait_and_reject_are_two_things() {
    for fit in Fit::ALL {
        let mut bins = CheckedBins::new(Bins::new(fit));
        assert_eq!(bins.place(0), Ok(Decision::Reject), "{fit}");
        let small = bins.add(5).unwrap();
        let large = bins.add(8).unwrap();
        assert_eq!(place(&mut bins, 8).bin, large);
        assert_eq!(bins.place(8), Ok(Decision::Wait), "{fit}");
        assert_eq!(bins.choose(9), Ok(Decision::Reject), "{fit}");
        assert_eq!(bins.remove(large), Ok(8));
        assert_eq!(bins.place(8), Ok(Decision::Reject), "{fit}");
        assert_eq!(bins.remove(small), Ok(0));
        assert_eq!(bins.place(0), Ok(Decision::Reject), "{fit}");
    }
}

#[test]
fn nothing_fits_anywhere_and_everything_fits_in_the_largest() {
    for fit in Fit::ALL {
        // A size of zero fits a bin that is full.
        let mut bins = CheckedBins::new(Bins::opening(fit, 3));
        let full = place(&mut bins, 3).bin;
        let zero = place(&mut bins, 0);
        assert_eq!((zero.bin, zero.residual, zero.opened), (full, 0, false), "{fit}");
        // Bins that hold nothing.
        let mut bins = CheckedBins::new(Bins::opening(fit, 0));
        assert_eq!(place(&mut bins, 0).residual, 0);
        assert_eq!(bins.place(1), Ok(Decision::Reject));
        // The limits of 64 bits.
        let mut bins = CheckedBins::new(Bins::opening(fit, u64::MAX));
        let first = place(&mut bins, u64::MAX);
        assert_eq!((first.residual, first.opened), (0, true));
        assert!(place(&mut bins, u64::MAX).opened);
        assert_eq!(bins.release(first.bin, u64::MAX), Ok(u64::MAX));
        assert_eq!(
            bins.release(first.bin, 1).unwrap_err().to_string(),
            "1 cannot leave bin 0, which holds 0"
        );
    }
}

#[test]
fn the_lowest_vacant_number_is_used_next() {
    let mut bins = CheckedBins::new(Bins::new(Fit::First));
    let all: Vec<BinId> = (0..5).map(|_| bins.add(1).unwrap()).collect();
    for number in [3, 1] {
        bins.remove(all[number]).unwrap();
    }
    let again = [(); 3].map(|()| bins.add(1).unwrap());
    assert_eq!(again.map(BinId::number), [1, 3, 5]);
    assert_eq!(bins.residual(all[1]), Err(Error::UnknownBin { bin: all[1] }));
    assert_eq!(bins.remove(all[3]), Err(Error::UnknownBin { bin: all[3] }));
    assert_eq!(bins.residual(again[0]), Ok(1));
}

#[test]
fn items_leave_with_their_bin() {
    let mut packer = Packer::new(CheckedBins::new(Bins::opening(Fit::First, 10)));
    let placed = [6, 6, 3].map(|size| packer.place(size).unwrap());
    let [first, second, third] = placed.map(|decision| decision.item().unwrap());
    assert_eq!(packer.bin_of(first), packer.bin_of(third));
    let bin = packer.bin_of(first).unwrap();
    assert_eq!(packer.remove_bin(bin), Ok(vec![(third, 3), (first, 6)]));
    assert_eq!(packer.remove_bin(bin), Err(Error::UnknownBin { bin }));
    assert_eq!(packer.size_of(third), Err(Error::UnknownItem { item: third }));
    assert_eq!((packer.len(), packer.size_of(second)), (1, Ok(6)));
    assert_eq!(packer.place(11), Ok(ItemDecision::Reject));
    // Its number is used again, its handle is not.
    let again = packer.place(1).unwrap().item().unwrap();
    assert_eq!(again.number(), first.number());
    assert_ne!(again, first);
}

#[test]
fn what_runs_already_is_taken_over() {
    let mut packer = Packer::new(CheckedBins::new(Bins::new(Fit::Next)));
    let bins = [10, 10, 10].map(|capacity| packer.add_bin(capacity).unwrap());
    let items = [(2, 4), (0, 3), (1, 10)].map(|(at, size)| packer.occupy(bins[at], size).unwrap());
    assert_eq!(packer.occupy(bins[0], 2).map(|item| packer.size_of(item)), Ok(Ok(2)));
    // Refused, and next fit does not go on from there.
    let error = packer.occupy(bins[2], 7).unwrap_err();
    assert_eq!(error, Error::MoreThanLeft { bin: bins[2], size: 7, residual: 6 });
    assert_eq!(error.to_string(), "7 does not fit bin 2, of which 6 is left");
    // From the bin that was occupied last.
    let placement = packer.place(5).unwrap().placement().unwrap();
    assert_eq!((placement.bin, placement.residual), (bins[0], 0));
    assert_eq!(packer.remove(items[2]).unwrap().residual, 10);
    packer.remove_bin(bins[1]).unwrap();
    assert_eq!(packer.occupy(bins[1], 0), Err(Error::UnknownBin { bin: bins[1] }));

    let mut bins = CheckedVectors::new(VectorBins::new(VectorFit::First));
    let bin = bins.add([5, 6, 7]).unwrap();
    let error = Error::MoreThanLeft { bin, size: 9, residual: 6 };
    assert_eq!(bins.occupy(bin, [5, 9, 9]), Err(error));
    assert_eq!((bins.occupy(bin, [5, 6, 0]), bins.residual(bin)), (Ok([0, 0, 7]), Ok([0, 0, 7])));
}

#[test]
#[should_panic(expected = "Overfull")]
fn what_is_too_much_for_the_smaller_bin_is_found() {
    let mut bins = VectorBins::new(VectorFit::First);
    let [large, small] = [[10, 10], [10, 4]].map(|capacity| bins.add(capacity).unwrap());
    let mut held = Held::default();
    held.joins(large, [10, 10]);
    held.joins(small, [10, 4]);
    held.comes(large, [1, 5]);
    held.check();
    held.comes(small, [1, 5]);
    held.check();
}
