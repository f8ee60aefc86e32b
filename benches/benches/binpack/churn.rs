//! Items come and go: one that is drawn, and in groups of their own the oldest.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::Duration;

use apportion_benches::beside;
use apportion_binpack::testkit::Random;
use apportion_binpack::{BinId, Bins, Fit, ItemId, Packer};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};

const BINS: [u64; 6] = [10, 100, 1_000, 10_000, 100_000, 1_000_000];
/// The linear scan is not waited for on more.
const MOST_TO_SCAN: u64 = 10_000;
const MOST_TO_TEST: u64 = 10_000;
/// So many turns in a row: a million bins are more than the caches hold.
const SLICE: u64 = 50_000;
/// As in a machine of 2^16 shares, and as in one with bytes of memory. Who leaves by chance lies
/// anywhere in a list of 80,000, which is looked up in the time that is measured, and takes half of it;
/// the oldest is the next of the list.
const WAYS: [(&str, u64, Leaves); 3] = [
    ("", 65_535, Leaves::Any),
    (" of 2^40", 1 << 40, Leaves::Any),
    (", oldest leaves", 65_535, Leaves::Oldest),
];

#[derive(Clone, Copy)]
enum Leaves {
    Any,
    Oldest,
}

/// A packer whose items are handles of its own.
trait Contender {
    type Item: Copy;
    fn place(&mut self, size: u64) -> Option<Self::Item>;
    fn leave(&mut self, item: Self::Item);
}

impl Contender for Bins {
    type Item = (BinId, u64);

    fn place(&mut self, size: u64) -> Option<Self::Item> {
        let decision = self.place(size).expect("few");
        // All of it is worked out, the second choice too.
        Some((black_box(decision).placement()?.bin, size))
    }

    fn leave(&mut self, (bin, size): Self::Item) {
        self.release(bin, size).expect("it is there");
    }
}

/// Without reasons.
struct Quiet(Bins);

impl Contender for Quiet {
    type Item = (BinId, u64);

    fn place(&mut self, size: u64) -> Option<Self::Item> {
        Some((self.0.put(size).expect("few")?, size))
    }

    fn leave(&mut self, (bin, size): Self::Item) {
        self.0.release(bin, size).expect("it is there");
    }
}

impl Contender for Packer {
    type Item = ItemId;

    fn place(&mut self, size: u64) -> Option<ItemId> {
        black_box(self.place(size).expect("few")).item()
    }

    fn leave(&mut self, item: ItemId) {
        self.remove(item).expect("it is there");
    }
}

/// Best fit, by the standard library.
struct Sorted {
    set: BTreeSet<(u64, u32)>,
    residuals: Vec<u64>,
}

impl Sorted {
    fn new(bins: u64, capacity: u64) -> Self {
        let set = (0..bins as u32).map(|bin| (capacity, bin)).collect();
        Self { set, residuals: vec![capacity; bins as usize] }
    }

    fn change(&mut self, bin: u32, residual: u64) {
        let old = std::mem::replace(&mut self.residuals[bin as usize], residual);
        self.set.remove(&(old, bin));
        self.set.insert((residual, bin));
    }
}

impl Contender for Sorted {
    type Item = (u32, u64);

    fn place(&mut self, size: u64) -> Option<Self::Item> {
        let &(residual, bin) = self.set.range((size, 0)..).next()?;
        self.change(bin, residual - size);
        Some((bin, size))
    }

    fn leave(&mut self, (bin, size): Self::Item) {
        self.change(bin, self.residuals[bin as usize] + size);
    }
}

/// First fit, as one would write it.
struct Scanned(Vec<u64>);

impl Contender for Scanned {
    type Item = (u32, u64);

    fn place(&mut self, size: u64) -> Option<Self::Item> {
        let bin = self.0.iter().position(|residual| *residual >= size)?;
        self.0[bin] -= size;
        Some((bin as u32, size))
    }

    fn leave(&mut self, (bin, size): Self::Item) {
        self.0[bin as usize] += size;
    }
}

/// Returns a row for each number of bins beside a peer: how long each takes at best, and how many times
/// as long the peer, at best and in the median.
pub(super) fn measure(criterion: &mut Criterion) -> Vec<String> {
    // To fill millions of bins takes long: too long for a run that measures nothing.
    let is_test = std::env::args().any(|argument| argument == "--test");
    let most = if is_test { MOST_TO_TEST } else { u64::MAX };
    let mut rows = Vec::new();
    for (scale, capacity, leaves) in WAYS {
        for fit in Fit::ALL {
            let mut group = criterion.benchmark_group(format!("binpack {fit}{scale}"));
            group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
            group.sample_size(30);
            for bins in BINS.into_iter().filter(|bins| *bins <= most) {
                let found = measure_one(&mut group, fit, bins, capacity, leaves);
                if !found.is_empty() {
                    rows.push(format!("{fit} fit{scale}, {bins} bins: {found}"));
                }
            }
            group.finish();
        }
    }
    rows
}

fn measure_one(
    group: &mut BenchmarkGroup<'_, WallTime>,
    fit: Fit,
    bins: u64,
    capacity: u64,
    leaves: Leaves,
) -> String {
    let filled = || {
        let mut all = Bins::new(fit);
        (0..bins).for_each(|_| drop(all.add(capacity)));
        all
    };
    let own: [(&str, &dyn Fn() -> Turn); 3] = [
        ("bins", &|| churn(bins, capacity, leaves, filled())),
        ("quiet", &|| churn(bins, capacity, leaves, Quiet(filled()))),
        ("packer", &|| churn(bins, capacity, leaves, Packer::new(filled()))),
    ];
    let sorted = || churn(bins, capacity, leaves, Sorted::new(bins, capacity));
    let scanned = || churn(bins, capacity, leaves, Scanned(vec![capacity; bins as usize]));
    let peer: Option<(&str, &dyn Fn() -> Turn)> = match fit {
        Fit::Best => Some(("sorted set", &sorted)),
        Fit::First if bins <= MOST_TO_SCAN => Some(("scan", &scanned)),
        _ => None,
    };
    let mut columns = Vec::new();
    for (name, make) in own {
        let Some((peer, make_peer)) = peer else {
            // This is called for each sample; the bins are filled once.
            let mut turn = None;
            group.bench_function(format!("{name}/{bins}"), |bencher| {
                bencher.iter(turn.get_or_insert_with(make));
            });
            continue;
        };
        let id = format!("{peer} beside {name}/{bins}");
        if let Some(found) = beside(group, &id, SLICE, || (make(), make_peer())) {
            let [own, other] = [found.first, found.second].map(|[best, _]| best * 1e9);
            let [best, median] = found.ratio;
            columns.push(format!("{name} {own:.1} ns, {peer} {other:.1} ({best:.2}, {median:.2})"));
        }
    }
    columns.join("; ")
}

type Turn = Box<dyn FnMut()>;

/// Eight items a bin, of a tenth of it in the mean. The load is that of a packer that has been at
/// it for long.
fn churn<C: Contender + 'static>(bins: u64, capacity: u64, leaves: Leaves, mut packer: C) -> Turn {
    let mut random = Random::new(1);
    let mut items = Vec::new();
    let mut oldest = 0;
    for _ in 0..8 * bins {
        items.extend(packer.place(1 + random.below(capacity / 5)));
    }
    let mut turn = move || {
        // Who leaves is known first, so that the processor fetches it while the other is placed.
        let place = match leaves {
            Leaves::Any => ((u128::from(random.word()) * items.len() as u128) >> 64) as usize,
            Leaves::Oldest => oldest,
        };
        let item = items[place];
        let new = packer.place(1 + random.below(capacity / 5));
        packer.leave(item);
        // At this load there is room: if ever there was none, all go on with one fewer.
        if let Some(new) = new {
            items[place] = new;
        } else {
            items.swap_remove(place);
        }
        oldest = if oldest + 1 < items.len() { oldest + 1 } else { 0 };
    };
    (0..(20 * bins).min(2_000_000)).for_each(|_| turn());
    Box::new(turn)
}
