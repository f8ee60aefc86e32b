//! How close to the optimum the packers get, on every shared instance of one dimension.
//!
//! ```text
//! cargo run --release -p apportion-benches --example packing [STEPS]
//! ```
//!
//! One line a set: instances, those that first fit decreasing solves to the optimum, those that the
//! improver does in so many steps (by default 300,000), those of which it proves it, and the longest
//! and the mean time of the improver. Then the ten rules on all instances together, and the time
//! that took. Every packing is checked, and every bound is compared with the optimum.

#![expect(clippy::disallowed_methods, reason = "this measures")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use apportion_binpack::{Fit, Improver, Instance, Order, check, pack};
use apportion_workload::PackingInstance;

fn main() -> ExitCode {
    let Some(folder) = apportion_testbed::data("packing") else { return ExitCode::FAILURE };
    let steps = std::env::args().nth(1).map_or(Ok(300_000), |steps| steps.parse::<u64>());
    let Ok(steps) = steps else {
        eprintln!("expected a number of steps");
        return ExitCode::FAILURE;
    };
    let sets = read(&folder.join("packing/bpp1d"));
    println!("set, instances, first fit decreasing, improved, proved, longest ms, mean ms");
    let (mut classic, mut all) = (Line::default(), Vec::new());
    for (name, cases) in &sets {
        let improved = CLASSIC.iter().any(|prefix| name.starts_with(prefix));
        all.extend(cases);
        if improved {
            let mut line = Line::default();
            for case in cases {
                line.improve(case, steps);
            }
            line.print(name);
            classic.add(&line);
        }
    }
    classic.print("all of these");
    rules(&all);
    ExitCode::SUCCESS
}

/// The sets of the literature's comparisons; the others only meet the ten rules.
const CLASSIC: [&str; 5] = ["Falkenauer", "Scholl", "Waescher", "Schwerin", "Hard28"];

struct Case {
    name: String,
    instance: Instance,
    optimum: usize,
}

fn read(folder: &std::path::Path) -> Vec<(String, Vec<Case>)> {
    let golden = std::fs::read_to_string(folder.join("golden.csv")).expect("the golden results");
    let mut sets: Vec<(String, Vec<Case>)> = Vec::new();
    for row in golden.lines().skip(1) {
        let mut fields = row.split(',');
        let mut field = || fields.next().expect("a field").to_owned();
        let (set, name, _, _, optimum) = (field(), field(), field(), field(), field());
        if sets.last().is_none_or(|(last, _)| *last != set) {
            sets.push((set, Vec::new()));
        }
        let optimum = optimum.parse().expect("a number of bins");
        let instance = Instance::new(0, Vec::new()).expect("none are few");
        sets.last_mut().expect("it was added").1.push(Case { name, instance, optimum });
    }
    for (set, cases) in &mut sets {
        let path = folder.join(format!("{set}.tar.xz"));
        for (path, text) in apportion_testbed::members(&path).expect("an archive") {
            let name = path.file_stem().expect("a name").to_string_lossy();
            if let Some(case) = cases.iter_mut().find(|case| case.name == name) {
                let read = PackingInstance::parse(text).expect("an instance");
                let sizes = read.items().map(|sizes| sizes[0]).collect();
                case.instance = Instance::new(read.capacity()[0], sizes).expect("few items");
            }
        }
    }
    sets
}

#[derive(Default)]
struct Line {
    instances: usize,
    by_rule: usize,
    improved: usize,
    proved: usize,
    longest: Duration,
    total: Duration,
}

impl Line {
    fn improve(&mut self, case: &Case, steps: u64) {
        let rule = pack(&case.instance, Fit::First, Order::Decreasing);
        self.by_rule += usize::from(rule.bins() == case.optimum);
        let start = Instant::now();
        let mut improver = Improver::new(&case.instance);
        improver.run(steps);
        let time = start.elapsed();
        check(&case.instance, improver.assignment()).expect("a packing");
        assert!(improver.lower_bound() <= case.optimum && case.optimum <= improver.bins());
        self.instances += 1;
        self.improved += usize::from(improver.bins() == case.optimum);
        self.proved += usize::from(improver.is_optimal());
        self.longest = self.longest.max(time);
        self.total += time;
    }

    fn add(&mut self, other: &Self) {
        self.instances += other.instances;
        self.by_rule += other.by_rule;
        self.improved += other.improved;
        self.proved += other.proved;
        self.longest = self.longest.max(other.longest);
        self.total += other.total;
    }

    fn print(&self, name: &str) {
        let Self { instances, by_rule, improved, proved, .. } = self;
        let mean = self.total / u32::try_from(*instances).unwrap_or(u32::MAX).max(1);
        let [longest, mean] = [self.longest, mean].map(|time| time.as_secs_f64() * 1e3);
        println!("{name}, {instances}, {by_rule}, {improved}, {proved}, {longest:.1}, {mean:.1}");
    }
}

/// Every rule on every instance, sorted and shuffled.
fn rules(cases: &[&Case]) {
    let start = Instant::now();
    let mut bins = 0;
    for case in cases {
        for fit in Fit::ALL {
            bins += pack(&case.instance, fit, Order::Decreasing).bins();
            bins += pack(&case.instance, fit, Order::Shuffled(1)).bins();
        }
    }
    let time = start.elapsed().as_secs_f64();
    println!("ten rules on {} instances: {bins} bins in {time:.3} s", cases.len());
}
