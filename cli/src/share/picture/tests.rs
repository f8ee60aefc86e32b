//! Whole documents: well-formed whatever is played, and of bounded size.

use apportion_wfq::Weight;

use super::super::play;
use super::super::policy::Policy;
use super::*;
use crate::picture::tests::well_formed;

fn drawn(weights: &[u32], quanta: u64, policies: &[Policy]) -> String {
    let weights = weights.iter().map(|&weight| Weight::new(weight).unwrap()).collect();
    let game = Game { weights, quanta, seed: 3 };
    let outcomes: Vec<_> =
        policies.iter().map(|&policy| play(policy, &game, true).unwrap()).collect();
    render(&game, &outcomes)
}

#[test]
fn any_game_gives_a_document_of_bounded_size() {
    let largest = 1 << 20;
    for weights in [
        vec![1],
        vec![largest],
        vec![1, 2, 4],
        vec![largest, 1],
        (1..=12).collect(),
        (1..=13).collect(),
        vec![largest; 40],
        [vec![100], vec![1; 100]].concat(),
    ] {
        for quanta in [1, 2, 35, 400, 401, 30_000] {
            let document = drawn(&weights, quanta, &Policy::ALL);
            well_formed(&document);
            assert!(document.len() < 1_400_000, "{quanta}: {}", document.len());
            let lanes = if weights.len() > 12 { 7 } else { weights.len() };
            assert_eq!(document.matches(": lag from ").count(), lanes * 4);
            assert_eq!(document.contains(">runs</text>"), quanta <= 400);
            assert_eq!(document, drawn(&weights, quanta, &Policy::ALL));
        }
    }
}

#[test]
fn lanes_tell_the_extremes() {
    let document = drawn(&[1, 2, 4], 35, &[Policy::Wfq]);
    assert!(document.contains("<title>C: lag from −1.142 to 0.000 quanta</title>"), "{document}");
    assert!(document.contains("<title>C: 20 of 35 quanta</title>"), "{document}");
    assert!(document.contains("<title>C: from 2 to 4</title>"), "{document}");
    let long = drawn(&[1, 2, 4], 35_000, &[Policy::Wfq]);
    assert!(long.contains("<title>C: lag from −1.142 to 0.000 quanta</title>"), "{long}");
}

#[test]
fn bands_are_drawn_where_chance_is() {
    let document = drawn(&[1, 2, 4], 35, &Policy::ALL);
    // 20 of 35, and 1.96 deviations of 2.93 to each side.
    assert_eq!(document.matches("band at the end: ").count(), 3);
    assert!(
        document.contains("<title>C: band at the end: 14.3 to 25.7 quanta</title>"),
        "{document}"
    );
    assert!(!drawn(&[1, 2, 4], 35, &[Policy::Stride]).contains("band"));
}
