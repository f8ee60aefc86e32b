//! The shared one-dimensional instances: bins of all ten heuristics and hashes of six assignments
//! are those of the golden results, which another program has computed.

mod held;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use apportion_binpack::testkit::Random;
use apportion_binpack::{Assignment, BinSet, Bins, Decision, Fit, Instance, check};

use held::CheckedBins;

/// Columns of the golden results: a name, an order, a policy.
const BINS: [(&str, bool, Fit); 10] = [
    ("NFD", true, Fit::Next),
    ("FFD", true, Fit::First),
    ("BFD", true, Fit::Best),
    ("WFD", true, Fit::Worst),
    ("AWFD", true, Fit::AlmostWorst),
    ("shuf1_NF", false, Fit::Next),
    ("shuf1_FF", false, Fit::First),
    ("shuf1_BF", false, Fit::Best),
    ("shuf1_WF", false, Fit::Worst),
    ("shuf1_AWF", false, Fit::AlmostWorst),
];
const HASHES: [(&str, &str); 6] = [
    ("FFD", "hFFD"),
    ("BFD", "hBFD"),
    ("WFD", "hWFD"),
    ("shuf1_FF", "shuf1_hFF"),
    ("shuf1_BF", "shuf1_hBF"),
    ("shuf1_WF", "shuf1_hWF"),
];

#[test]
fn every_shared_instance() {
    let Some(folder) = apportion_testbed::data("golden packings") else { return };
    let folder = folder.join("packing/bpp1d");
    let golden = apportion_testbed::read(&folder.join("golden.csv")).unwrap();
    let golden = String::from_utf8(golden).unwrap();
    let mut lines = golden.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut sets: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!(fields.len(), header.len());
        sets.entry(fields[0]).or_default().push(fields);
    }
    let mut compared = 0;
    for (set, rows) in sets {
        let mut members = BTreeMap::new();
        for (path, content) in
            apportion_testbed::members(&folder.join(format!("{set}.tar.xz"))).unwrap()
        {
            members.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), content);
        }
        assert_eq!(members.len(), rows.len(), "{set}");
        for row in rows {
            let field = |name: &str| row[header.iter().position(|column| *column == name).unwrap()];
            let instance = instance(&members[field("name")]);
            assert_eq!(instance.sizes().len().to_string(), field("n"));
            assert_eq!(instance.capacity().to_string(), field("c"));
            for (column, decreasing, fit) in BINS {
                let order = order(&instance, decreasing);
                let assignment = pack(&instance, &order, fit);
                assert_eq!(check(&instance, &assignment), Ok(()));
                let what = || format!("{} {column}", field("name"));
                assert_eq!(assignment.bins().to_string(), field(column), "{}", what());
                if let Some((_, hash)) = HASHES.iter().find(|(bins, _)| *bins == column) {
                    let found = format!("{:016x}", assignment.hash_in_order(order));
                    assert_eq!(found, field(hash), "{}", what());
                }
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 10 * golden.lines().skip(1).count());
    assert!(compared > 30_000, "there are only {compared} results");
}

/// Number of items, capacity, sizes.
fn instance(text: &[u8]) -> Instance {
    let text = std::str::from_utf8(text).unwrap();
    let mut numbers = text.split_ascii_whitespace().map(|word| word.parse::<u64>().unwrap());
    let (count, capacity) = (numbers.next().unwrap(), numbers.next().unwrap());
    let sizes: Vec<u64> = numbers.collect();
    assert_eq!(sizes.len() as u64, count);
    Instance::new(capacity, sizes).unwrap()
}

/// Items by size from the largest, or shuffled from state 1.
fn order(instance: &Instance, decreasing: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..instance.sizes().len()).collect();
    if decreasing {
        order.sort_by_key(|item| Reverse(instance.sizes()[*item]));
    } else {
        Random::new(1).shuffle(&mut order);
    }
    order
}

fn pack(instance: &Instance, order: &[usize], fit: Fit) -> Assignment {
    let mut bins = Bins::opening(fit, instance.capacity());
    let mut numbers = vec![None; order.len()];
    for &item in order {
        let bin = bins.put(instance.sizes()[item]).unwrap().expect("no item is too large");
        numbers[item] = Some(u32::try_from(bin.number()).unwrap());
    }
    assert_eq!(
        bins.iter().map(|bin| bins.used(bin).unwrap()).sum::<u64>(),
        instance.sizes().iter().sum::<u64>()
    );
    Assignment::new(&numbers)
}

#[test]
fn three_machines() {
    // Free: 5, 8 and 3; a task of 3.
    let choices = [
        (Fit::Best, 2, 0, Some((0, 2))),
        (Fit::Worst, 1, 5, Some((0, 2))),
        (Fit::First, 0, 2, Some((1, 5))),
        (Fit::AlmostWorst, 0, 2, Some((2, 0))),
        (Fit::Next, 0, 2, Some((1, 5))),
    ];
    for (fit, number, residual, runner_up) in choices {
        let mut machines = CheckedBins::new(Bins::new(fit));
        for capacity in [5, 8, 3] {
            machines.add(capacity).unwrap();
        }
        let Decision::Place(placement) = machines.place(3).unwrap() else { panic!("it fits") };
        assert_eq!((placement.bin.number(), placement.residual), (number, residual), "{fit}");
        let second = placement.runner_up.map(|second| (second.bin.number(), second.residual));
        assert_eq!(second, runner_up, "{fit}");
    }
}
