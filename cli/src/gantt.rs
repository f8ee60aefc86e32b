//! A Gantt picture of one replay under several policies, as an SVG document.
//!
//! Panels are stacked and share one time axis, so that one policy can be read beside another. A
//! small replay shows each segment on the processors that it holds. A large one shows how busy the
//! processors were over the whole replay, and the segments of one window only.
//!
//! Processors are identical for the policies: which ones a segment is drawn on is this module's
//! choice. The same input gives the same bytes.

mod chart;
mod fill;
mod lanes;
mod page;
mod utilisation;
mod window;

/// Why a job started when it did.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Category {
    /// It was the head of the queue and fitted.
    Head,
    /// It jumped ahead and ends before the shadow time.
    BeforeShadow,
    /// It jumped ahead on processors that the head job leaves free at the shadow time.
    ExtraProcessors,
    /// Its reserved start was reached.
    Reserved,
    /// It jumped ahead beyond the shadow time and may be suspended for the head job.
    Preemptible,
}

/// A stretch of time during which a job holds its processors. A job has several only when it was
/// preempted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Segment {
    /// The job's number in the trace.
    pub job: i64,
    /// First second.
    pub start: u64,
    /// First second after the segment; an `end` before `start` counts as `start`.
    pub end: u64,
    /// Processors held.
    pub processors: u64,
    /// Why the job started.
    pub category: Category,
}

/// One policy's replay.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Panel {
    /// Name of the policy.
    pub title: String,
    /// The outcome in a few words, such as `mean wait 1 h 54 min`.
    pub summary: String,
    /// Processors of the machine.
    pub processors: u64,
    /// The segments, in any order.
    pub segments: Vec<Segment>,
}

/// Draws `panels` below each other under `title`.
///
/// *Inputs*: times in seconds, on one time base for all panels. *Returns* a complete SVG document;
/// segments beyond a panel's capacity are drawn as far as they fit, and the panel says so.
/// *Panics*: never. *Complexity*: `O(n log n)` time and `O(n)` space for `n` segments, whatever the
/// number of processors.
pub(crate) fn render(title: &str, panels: Vec<Panel>) -> String {
    page::document(title, panels)
}

impl Category {
    /// Bottom to top of a stack and left to right in the legend: the backfilled ones together.
    const ALL: [Self; 5] =
        [Self::Head, Self::Reserved, Self::BeforeShadow, Self::ExtraProcessors, Self::Preemptible];

    const fn label(self) -> &'static str {
        match self {
            Self::Head => "head of the queue",
            Self::BeforeShadow => "backfilled, ends before the shadow time",
            Self::ExtraProcessors => "backfilled on extra processors",
            Self::Reserved => "reserved start reached",
            Self::Preemptible => "backfilled beyond the shadow time, may be suspended",
        }
    }

    const fn is_backfilled(self) -> bool {
        matches!(self, Self::BeforeShadow | Self::ExtraProcessors | Self::Preemptible)
    }
}

impl Segment {
    /// The segment with its times in order.
    fn ordered(self) -> Self {
        Self { end: self.end.max(self.start), ..self }
    }

    /// Whether a part of it lies in `[from, to)`; an instant counts as a part.
    fn overlaps(&self, from: u64, to: u64) -> bool {
        self.start < to && from < self.end.max(self.start.saturating_add(1))
    }
}

#[cfg(test)]
mod tests;
