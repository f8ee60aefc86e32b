//! Somebody else's scheduler, which knows nothing of the kit: a `BTreeSet` ordered by virtual
//! runtime, as many have one. Whoever gets another weight keeps its virtual runtime.

use std::collections::{BTreeMap, BTreeSet};

/// Whoever has the least virtual runtime is next.
#[derive(Default)]
pub(crate) struct RunQueue {
    queue: BTreeSet<(u128, usize)>,
    /// Virtual runtime and weight, of all tasks ever seen.
    tasks: BTreeMap<usize, (u128, u32)>,
    least: u128,
}

impl RunQueue {
    pub(crate) fn enqueue(&mut self, task: usize, weight: u32) {
        let (runtime, known) = self.tasks.entry(task).or_default();
        *runtime = self.least.max(*runtime);
        *known = weight;
        self.queue.insert((*runtime, task));
    }

    pub(crate) fn dequeue(&mut self, task: usize) {
        self.queue.remove(&(self.tasks[&task].0, task));
    }

    pub(crate) fn reweight(&mut self, task: usize, weight: u32) {
        if let Some((_, known)) = self.tasks.get_mut(&task) {
            *known = weight;
        }
    }

    pub(crate) fn next(&mut self) -> Option<usize> {
        let (runtime, task) = self.queue.pop_first()?;
        self.least = runtime;
        Some(task)
    }

    /// What a task used since it was the next.
    pub(crate) fn account(&mut self, task: usize, used: u64, queued: bool) {
        let Some((runtime, weight)) = self.tasks.get_mut(&task) else { return };
        *runtime += (u128::from(used) << 60) / u128::from(*weight);
        if queued {
            self.queue.insert((*runtime, task));
        }
    }
}
