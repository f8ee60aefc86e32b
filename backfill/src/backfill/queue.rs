use alloc::vec::Vec;

use crate::index::{Candidate, Cursor, Entry, Index, Search};
use crate::table::Table;
use crate::window::Window;
use crate::{JobOrder, QueuedJob};

/// The waiting jobs in the order of the queue and in that of the scan.
#[derive(Clone, Debug)]
pub(super) struct Queue<Q: JobOrder, B: JobOrder> {
    order: Q,
    scan_order: B,
    jobs: Index<Q::Key>,
    /// None if the scan follows the queue.
    scan: Option<Index<B::Key>>,
}

impl<Q: JobOrder, B: JobOrder> Queue<Q, B> {
    pub(super) fn new(order: Q, scan_order: B) -> Self {
        let scan = (!B::FOLLOWS_QUEUE).then(Self::empty_scan);
        Self { order, scan_order, jobs: Self::empty_queue(), scan }
    }

    fn empty_scan() -> Index<B::Key> {
        Index::new(if B::BY_LENGTH { Search::ByLength } else { Search::ByKey })
    }

    /// The queue is searched for candidates only if there is no other index for that.
    fn empty_queue() -> Index<Q::Key> {
        Index::new(match (B::FOLLOWS_QUEUE, Q::BY_LENGTH) {
            (false, _) => Search::None,
            (true, true) => Search::ByLength,
            (true, false) => Search::ByKey,
        })
    }

    #[cfg(feature = "serde")]
    pub(super) const fn orders(&self) -> (&Q, &B) {
        (&self.order, &self.scan_order)
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Where a job stands, or would stand, in the queue.
    #[inline]
    pub(super) fn entry(&self, job: &QueuedJob, slot: u32) -> Entry<Q::Key> {
        Entry::new(self.order.key(job), job, slot)
    }

    #[inline]
    pub(super) fn insert(&mut self, job: &QueuedJob, slot: u32) {
        self.jobs.insert(Entry::new(self.order.key(job), job, slot));
        if let Some(scan) = &mut self.scan {
            scan.insert(Entry::new(self.scan_order.key(job), job, slot));
        }
    }

    #[inline]
    pub(super) fn remove(&mut self, job: &QueuedJob, slot: u32) {
        self.jobs.remove(&Entry::new(self.order.key(job), job, slot));
        if let Some(scan) = &mut self.scan {
            scan.remove(&Entry::new(self.scan_order.key(job), job, slot));
        }
    }

    #[inline]
    pub(super) fn first(&self) -> Option<&Entry<Q::Key>> {
        self.jobs.first()
    }

    /// In the order of the queue.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry<Q::Key>> {
        self.jobs.iter()
    }

    /// False only if no job needs so few processors.
    #[inline]
    pub(super) fn may_fit(&self, free: u64) -> bool {
        // The index that is scanned: a scan in vain tells it how narrow its narrowest job is.
        self.scan.as_ref().map_or_else(|| self.jobs.may_fit(free), |scan| scan.may_fit(free))
    }

    /// Takes out the next job of the scan that the window admits.
    #[inline]
    pub(super) fn take(
        &mut self,
        cursor: &mut Cursor,
        window: &impl Window,
        table: &Table,
    ) -> Option<Candidate> {
        match &mut self.scan {
            None => Some(self.jobs.take(cursor, window)?.candidate()),
            Some(scan) => {
                let Entry { sequence, length, processors, slot, .. } = scan.take(cursor, window)?;
                let key = self.order.key(table.job(slot));
                let entry = Entry { key, sequence, length, processors, slot };
                self.jobs.remove(&entry);
                Some(entry.candidate())
            }
        }
    }

    /// Orders the scan anew.
    pub(super) fn reorder_scan(&mut self, order: B, table: &Table) {
        if self.scan.is_some() {
            let mut scan = Self::empty_scan();
            for entry in self.jobs.iter() {
                let job = table.job(entry.slot);
                scan.insert(Entry::new(order.key(job), job, entry.slot));
            }
            self.scan = Some(scan);
        }
        self.scan_order = order;
    }

    /// Orders the queue anew.
    pub(super) fn reorder(&mut self, order: Q, table: &Table) {
        let slots: Vec<u32> = self.jobs.iter().map(|entry| entry.slot).collect();
        self.jobs = Self::empty_queue();
        for slot in slots {
            let job = table.job(slot);
            self.jobs.insert(Entry::new(order.key(job), job, slot));
        }
        self.order = order;
    }
}
