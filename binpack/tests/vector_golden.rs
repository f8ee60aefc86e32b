//! The bins that first fit decreasing opens, beside those that were published.
//!
//! *Source:* the results of Mommessin, Erlebach and Shakhlevich, *Classification and evaluation of
//! the algorithms for vector bin packing*, 2025: item order was by a floating-point key, so only
//! instances count in which no two different items have the same key.

#[path = "vector_data/mod.rs"]
mod vector_data;

use apportion_binpack::{ItemFit, Norm, VectorHeuristic, VectorInstance, Weighting, check_vectors};
use vector_data::{Published, for_each_instance};

const WEIGHTINGS: [Weighting; 2] = [Weighting::Unit, Weighting::Average];

#[derive(Default)]
struct Tally {
    compared: usize,
    tied: usize,
    differ: Vec<String>,
}

impl Tally {
    fn compare<const D: usize>(&mut self, instance: &VectorInstance<D>, published: &Published) {
        for norm in Norm::ALL {
            for weighting in WEIGHTINGS {
                if has_tie(instance, norm, weighting) {
                    self.tied += 1;
                    continue;
                }
                let fit = ItemFit::First;
                let heuristic =
                    VectorHeuristic::ItemCentric { fit, norm, weighting, dynamic: false };
                let packed = heuristic.pack(instance);
                check_vectors(instance.capacity(), instance.sizes(), &packed).unwrap();
                let column = heuristic.to_string();
                let expected = published.bins(&column);
                if packed.bins() != expected {
                    let name = &published.name;
                    self.differ.push(format!("{name} {column}: {} {expected}", packed.bins()));
                }
                self.compared += 1;
            }
        }
    }
}

/// Whether two different items have the same key, worked out apart from the packer.
fn has_tie<const D: usize>(instance: &VectorInstance<D>, norm: Norm, weighting: Weighting) -> bool {
    let capacity = instance.capacity();
    let product: u128 = capacity.iter().map(|amount| u128::from(*amount)).max().unwrap();
    let used = capacity.iter().filter(|amount| **amount > 0);
    assert!(used.copied().all(|amount| u128::from(amount) == product), "equal capacities");
    let weight = |dimension: usize| match weighting {
        Weighting::Unit => 1,
        _ => instance.sizes().iter().map(|size| u128::from(size[dimension])).sum::<u128>(),
    };
    let weights: [u128; D] = std::array::from_fn(weight);
    let mut keys: Vec<(u128, [u64; D])> = Vec::new();
    for size in instance.sizes() {
        let terms = (0..D).map(|dimension| {
            let amount = u128::from(size[dimension]);
            weights[dimension] * if norm == Norm::L2 { amount * amount } else { amount }
        });
        let key = if norm == Norm::LInfinity { terms.max().unwrap() } else { terms.sum() };
        keys.push((key, *size));
    }
    keys.sort_unstable();
    keys.dedup();
    keys.windows(2).any(|pair| pair[0].0 == pair[1].0)
}

macro_rules! tally {
    ($name:expr) => {{
        let mut tally = Tally::default();
        let found = for_each_instance!($name, |instance, published| {
            tally.compare(&instance, &published);
        });
        found.map(|_| tally)
    }};
}

#[test]
fn new_instances_agree() {
    let Some(tally) = tally!("New") else { return };
    assert_eq!(tally.differ, Vec::<String>::new(), "of {}", tally.compared);
    assert_eq!((tally.compared, tally.tied), (1819, 2501));
}

#[test]
fn triplets_agree() {
    let Some(tally) = tally!("Triplet") else { return };
    assert_eq!(tally.differ, Vec::<String>::new(), "of {}", tally.compared);
    assert_eq!((tally.compared, tally.tied), (36, 222));
}
