//! Packs every shared vector instance by all rules and the improver, and compares the bins
//! with what was published: `cargo run --release -p apportion-benches --example packing_vectors`,
//! with the steps an instance gets as an argument, by default 20,000,000, then a set and how the
//! names begin.

use std::time::Instant;

#[path = "../../binpack/tests/vector_data/mod.rs"]
mod vector_data;

use apportion_binpack::{Order, VectorImprover, VectorInstance, check_vectors, vector_portfolio};
use vector_data::{Published, for_each_instance};

#[derive(Default)]
struct Tally {
    instances: usize,
    known: usize,
    portfolio_optimal: usize,
    optimal: usize,
    proved: usize,
    portfolio_worse: usize,
    worse: Vec<String>,
    better: usize,
    bins: [usize; 4],
    seconds: [f64; 2],
    slowest: f64,
}

impl Tally {
    #[expect(clippy::disallowed_methods, reason = "this measures")]
    fn play<const D: usize>(&mut self, read: &VectorInstance<D>, known: &Published, steps: u64) {
        let instance = shuffled(read);
        let begin = Instant::now();
        let (start, _) = vector_portfolio(&instance);
        let first = start.bins();
        self.seconds[0] += begin.elapsed().as_secs_f64();
        let begin = Instant::now();
        let mut improver = VectorImprover::new(instance.clone(), start, 1).expect("it was packed");
        improver.run(steps);
        let time = begin.elapsed().as_secs_f64();
        self.seconds[1] += time;
        self.slowest = self.slowest.max(time);
        let packed = improver.assignment();
        check_vectors(instance.capacity(), instance.sizes(), packed).expect("it is a packing");
        let last = packed.bins();
        let item_centric = known.bins("best_IC");
        self.instances += 1;
        self.bins[0] += item_centric;
        self.bins[1] += known.bins("best_overall");
        self.bins[2] += first;
        self.bins[3] += last;
        self.portfolio_worse += usize::from(first > item_centric);
        if last > item_centric {
            self.worse.push(format!("{} {last} > {item_centric}", known.name));
        }
        self.better += usize::from(last < known.bins("best_overall"));
        if let Ok(optimum) = usize::try_from(known.number("OPT")) {
            assert!(improver.lower_bound() <= optimum && optimum <= last, "{}", known.name);
            self.known += 1;
            self.portfolio_optimal += usize::from(first == optimum);
            self.optimal += usize::from(last == optimum);
        }
        self.proved += usize::from(improver.is_optimal());
    }
}

/// The items in another order: that of the files gives some packings away, triplet by triplet.
fn shuffled<const D: usize>(instance: &VectorInstance<D>) -> VectorInstance<D> {
    let order = Order::Shuffled(1).arrange(&vec![0; instance.sizes().len()]);
    let sizes = order.into_iter().map(|item| instance.sizes()[item]).collect();
    VectorInstance::new(*instance.capacity(), sizes).expect("as many items")
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let steps = arguments.next().map_or(20_000_000, |steps| steps.parse().expect("a number"));
    let (only, prefix) = (arguments.next(), arguments.next().unwrap_or_default());
    for set in ["New", "Triplet", "Panigrahy"] {
        if only.as_deref().is_some_and(|only| only != set) {
            continue;
        }
        let mut tally = Tally::default();
        let found = for_each_instance!(set, |instance, published| {
            if published.name.starts_with(&prefix) {
                tally.play(&instance, &published, steps);
            }
        });
        if found.is_none() {
            continue;
        }
        println!(
            "{set}: {} instances, optimum known of {}: reached by rules {}, improved {}; \
             proved {}",
            tally.instances, tally.known, tally.portfolio_optimal, tally.optimal, tally.proved
        );
        let [item_centric, best, first, last] = tally.bins;
        println!(
            "  bins: best published item-centric {item_centric}, best published {best}, rules \
             {first}, improved {last}; better than any published: {}",
            tally.better
        );
        println!(
            "  worse than the best published item-centric: rules {}, improved {:?}",
            tally.portfolio_worse, tally.worse
        );
        println!(
            "  seconds: rules {:.1}, improver {:.1}, slowest {:.2}",
            tally.seconds[0], tally.seconds[1], tally.slowest
        );
    }
}
