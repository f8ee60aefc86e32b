//! Whole documents: well-formed whatever is packed, and of bounded size.

use apportion_binpack::{Fit, Order};
use apportion_workload::PackingInstance;

use super::super::recipe::Budget;
use super::*;
use crate::picture::tests::well_formed;

const PLAIN: Recipe = Recipe { fit: Fit::Best, order: Order::Decreasing, budget: Budget::None };

fn source(capacity: &[u64], kinds: &[(&[u64], u64)]) -> Source {
    let mut instance = PackingInstance::new(capacity.to_vec()).unwrap();
    for (sizes, demand) in kinds {
        instance.push(sizes, *demand).unwrap();
    }
    Source { file: "x".to_owned(), name: "<x> & \u{7}".to_owned(), instance }
}

fn drawn(sources: &[Source]) -> String {
    let outcomes = |source| super::super::pack(source, &PLAIN, &mut |_| ()).unwrap();
    let outcomes: Vec<_> = sources.iter().map(outcomes).collect();
    let document = render(&PLAIN, sources, &outcomes);
    assert_eq!(document, render(&PLAIN, sources, &outcomes));
    well_formed(&document);
    document
}

#[test]
fn any_packing_gives_a_document_of_bounded_size() {
    let deep: [u64; 7] = [9, 8, 7, 6, 5, 4, 3];
    for (capacity, kinds) in [
        (&[10_u64][..], &[][..]),
        (&[10], &[(&[0_u64][..], 3)][..]),
        (&[0], &[(&[0], 3), (&[1], 1)]),
        (&[10], &[(&[11], 2)]),
        (&[10], &[(&[10], 1)]),
        (&[u64::MAX], &[(&[u64::MAX], 2), (&[1], 30), (&[u64::MAX / 2], 3)]),
        (&[1_000_000], &[(&[1], 200_000), (&[300_001], 9)]),
        (&[10], &[(&[6], 5_000), (&[1], 40_000)]),
        (&[10, 4], &[(&[3, 1], 5), (&[1, 2], 5), (&[1, 5], 1)]),
        (&[0, 7], &[(&[0, 3], 9)]),
        (&[9; 7], &[(&deep, 900), (&[1; 7], 9)]),
    ] {
        let document = drawn(&[source(capacity, kinds)]);
        assert!(document.len() < 1_000_000, "{}", document.len());
    }
}

#[test]
fn what_is_not_drawn_is_counted() {
    let document = drawn(&[source(&[10], &[(&[6], 1_000)])]);
    assert!(document.contains(">640 bins not drawn<"), "in the place of the bins");
    assert!(document.contains("lower bound 1000: optimal (640 bins not drawn)"), "{document}");
    assert_eq!(document.matches("<title>bin ").count(), 360);
    assert!(document.contains("<title>bin 999: 1 item, 6 of 10, waste 4: 6</title>"));

    let deep = drawn(&[source(&[9; 6], &[(&[1, 9, 3, 4, 5, 6], 2)])]);
    assert!(deep.contains("(2 less loaded dimensions not drawn)"), "{deep}");
    assert!(deep.contains(">dimension 1<") && !deep.contains(">dimension 0<"));

    let many: Vec<_> = (0..30).map(|_| source(&[10], &[(&[6], 300)])).collect();
    let document = drawn(&many);
    assert!(document.contains(">6 more files are not drawn<"));
    assert!(document.len() < 1_500_000, "{}", document.len());
}

#[test]
fn a_packing_reads_from_bottom_to_top() {
    let document = drawn(&[source(&[10], &[(&[4], 2), (&[7], 1), (&[3], 1), (&[12], 1)])]);
    assert!(document.contains("5 items in 2 bins, lower bound 2: optimal; 1 item rejected"));
    assert!(document.contains("<title>bin 0: 2 items, 10 of 10, waste 0: 7 3</title>"));
    assert!(document.contains("<title>bin 1: 2 items, 8 of 10, waste 2: 4 4</title>"));
    assert!(document.contains(">lower bound 2<"));
}
