//! How far apart the counters of those who compete are: never so far that they cannot be compared.

use super::Eevdf;
use crate::node::{State, distance};
use crate::rate::{MAX_SERVICE, RESOLUTION_BITS};
use crate::table::Table;

/// All counters lie in here. It may be wider than need be, as nobody looks at all of them before it
/// gets too wide.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::contest) struct Span {
    first: u64,
    width: u64,
}

/// Less than half a circle, on which counters are compared right; by as much less as the least
/// request of weight 1.
///
/// So nobody is refused a charge who was picked alone and whom nothing has happened since. It was
/// due no later than whoever is furthest behind, and that within the largest request of its counter;
/// so its own was that close as well, and the largest charge is no larger.
const WIDEST: u64 = (1 << 63) - (1 << RESOLUTION_BITS);

impl Span {
    pub(in crate::contest) fn at(counter: u64) -> Self {
        Self { first: counter, width: 0 }
    }

    /// No counter lies before.
    pub(in crate::contest) fn first(self) -> u64 {
        self.first
    }

    /// Whether the distances from there to all inside can be told from each other.
    #[cfg(feature = "serde")]
    pub(in crate::contest) fn is_near(self, counter: u64) -> bool {
        let last = i128::from(distance(counter, self.first)) + i128::from(self.width);
        last <= i128::from(i64::MAX)
    }

    /// Whether the largest charge leaves it narrow enough.
    #[inline(always)]
    pub(super) fn has_room_for_any(self) -> bool {
        i128::from(self.width) + MAX_SERVICE < i128::from(WIDEST)
    }

    /// With one more, less than half a circle from one inside: unless that is too far.
    #[inline(always)]
    pub(in crate::contest) fn with(self, counter: u64) -> Option<Self> {
        let ahead = counter.wrapping_sub(self.first);
        if ahead <= WIDEST {
            return Some(Self { width: self.width.max(ahead), ..self });
        }
        let width = self.width.checked_add(ahead.wrapping_neg())?;
        (width <= WIDEST).then_some(Self { first: counter, width })
    }

    /// The least and the greatest distance from somebody inside at which there is room for one more.
    fn room(self, reference: u64) -> (i128, i128) {
        let first = i128::from(distance(reference, self.first));
        let spare = i128::from(WIDEST.saturating_sub(self.width));
        (first - spare, first + i128::from(WIDEST))
    }
}

impl Eevdf {
    /// That of all others who compete: looks at all nodes.
    #[cold]
    fn span_of_others(table: &Table, id: u32, reference: u64) -> Option<Span> {
        let parent = table.kin(id).parent;
        let others = (0..).zip(table.nodes.iter()).filter(|&(other, node)| {
            other != id && node.state() == State::Runnable && table.kin(other).parent == parent
        });
        let distances = others.map(|(_, node)| distance(reference, node.counter));
        let (first, last) = distances.fold(None, |found, next| {
            let (first, last) = found.unwrap_or((next, next));
            Some((next.min(first), next.max(last)))
        })?;
        let width = last.abs_diff(first);
        Some(Span { first: reference.wrapping_add(first.cast_unsigned()), width })
    }

    /// Whether somebody has room so far from where it is.
    pub(super) fn has_room(&self, table: &Table, id: u32, moved: i128) -> bool {
        let counter = table.nodes[id as usize].counter;
        self.kept_in_room(table, id, counter, moved) == moved
    }

    /// A distance from somebody inside, or the nearest at which there is room.
    pub(super) fn kept_in_room(
        &self,
        table: &Table,
        id: u32,
        reference: u64,
        distance: i128,
    ) -> i128 {
        let (least, greatest) = self.span.room(reference);
        if (least..=greatest).contains(&distance) {
            return distance;
        }
        Self::span_of_others(table, id, reference).map_or(distance, |span| {
            let (least, greatest) = span.room(reference);
            distance.clamp(least, greatest)
        })
    }

    /// Somebody who is not waiting will be at this counter, at which there is room.
    #[inline(always)]
    pub(super) fn cover(&mut self, table: &mut Table, id: u32, counter: u64) {
        match self.span.with(counter) {
            Some(span) => self.span = span,
            None => self.narrow(table, id, counter),
        }
    }

    #[cold]
    fn narrow(&mut self, table: &mut Table, id: u32, counter: u64) {
        let others = Self::span_of_others(table, id, counter);
        let span = others.and_then(|others| others.with(counter));
        self.span = span.unwrap_or(Span::at(counter));
        // The queue comes up as well: else it could fall behind by half a circle.
        self.waiting.first(&table.nodes);
    }
}
