//! Checks somebody else's scheduler: here a `BTreeSet` ordered by virtual runtime, as many have
//! one. Whoever gets another weight keeps its virtual runtime, and `least` may lag behind the tasks
//! that are runnable: the kit finds what comes of that, and names the law.

use std::collections::BTreeSet;

use apportion_wfq::testkit::{Law, Profile, ProportionalShare, check};

/// Whoever has the least virtual runtime is next.
#[derive(Default)]
struct Another {
    queue: BTreeSet<(u128, usize)>,
    /// Virtual runtime and weight.
    tasks: Vec<(u128, u32)>,
    least: u128,
}

// What adapts it to the kit.
impl ProportionalShare for Another {
    fn add(&mut self, task: usize, weight: u32) {
        self.tasks.resize(self.tasks.len().max(task + 1), (0, 1));
        self.tasks[task] = (0, weight);
    }
    fn remove(&mut self, task: usize) {
        self.sleep(task);
    }
    fn wake(&mut self, task: usize) {
        self.tasks[task].0 = self.tasks[task].0.max(self.least);
        self.queue.insert((self.tasks[task].0, task));
    }
    fn sleep(&mut self, task: usize) {
        self.queue.remove(&(self.tasks[task].0, task));
    }
    fn set_weight(&mut self, task: usize, weight: u32) {
        self.tasks[task].1 = weight;
    }
    fn pick(&mut self) -> Option<usize> {
        let (runtime, task) = self.queue.pop_first()?;
        self.least = runtime;
        Some(task)
    }
    fn charge(&mut self, task: usize, used: u64, stays: bool) {
        self.tasks[task].0 += (u128::from(used) << 60) / u128::from(self.tasks[task].1);
        if stays {
            self.queue.insert((self.tasks[task].0, task));
        }
    }
}

fn main() {
    let sane = [Law::Sanity, Law::WorkConservation, Law::Determinism];
    let report = check(Profile::start_time().only(&sane), Another::default);
    println!("{report:?}");
    let failure = check(Profile::start_time(), Another::default).expect_err("it is not fair");
    println!("{failure}");
    assert_eq!((report.is_ok(), failure.violation.law()), (true, Law::Pairwise));
}
