use alloc::vec;
use alloc::vec::Vec;

use super::Kind;
use super::value::Value;

/// Dynamic programming over lists: all sets of the kinds so far of which none is both larger and
/// worth less than another, without those that cannot become better than the best.
///
/// *Source:* Nemhauser and Ullmann, *Discrete dynamic programming and capital allocation*, Management
/// Science 15, 1969.
pub(super) struct Frontier<V> {
    pub(super) best: V,
    pub(super) pattern: Option<Vec<(usize, u32)>>,
    pub(super) visited: u64,
}

#[derive(Clone, Copy)]
struct Point<V> {
    load: u64,
    worth: V,
    /// The last step that led here; 0 for none.
    step: u32,
}

/// These copies were put on what an earlier step had made.
struct Step {
    before: u32,
    place: u32,
    copies: u32,
}

impl<V: Value> Frontier<V> {
    /// Whether all of it was searched.
    pub(super) fn run(&mut self, kinds: &[Kind<V>], capacity: u64, nodes: u64) -> bool {
        let Some(first) = kinds.first() else { return true };
        let nothing = first.price.minus(first.price);
        let mut points = vec![Point { load: 0, worth: nothing, step: 0 }];
        let mut next: Vec<Point<V>> = Vec::new();
        let mut steps = vec![Step { before: 0, place: 0, copies: 0 }];
        let mut best_step = 0;
        for (place, kind) in kinds.iter().enumerate() {
            points.retain(|point| {
                point.worth.can_exceed(capacity - point.load, kind.price, kind.size, self.best)
            });
            #[expect(clippy::cast_possible_truncation, reason = "at most `left`")]
            let mut copies = (capacity / kind.size).min(u64::from(kind.left)) as u32;
            let mut batch = 1;
            while copies > 0 {
                batch = batch.min(copies);
                copies -= batch;
                let size = kind.size * u64::from(batch);
                next.clear();
                let mut kept = points.iter().copied().peekable();
                for point in &points {
                    if point.load > capacity - size {
                        break;
                    }
                    let load = point.load + size;
                    let worth = point.worth.plus(kind.price, batch);
                    while let Some(other) = kept.next_if(|other| other.load <= load) {
                        push(&mut next, other);
                    }
                    if next.last().is_none_or(|last| worth.exceeds(last.worth)) {
                        #[expect(clippy::cast_possible_truncation, reason = "steps are few")]
                        let (step, place) = (steps.len() as u32, place as u32);
                        steps.push(Step { before: point.step, place, copies: batch });
                        push(&mut next, Point { load, worth, step });
                        if worth.exceeds(self.best) {
                            self.best = worth;
                            best_step = step;
                        }
                    }
                }
                for other in kept {
                    push(&mut next, other);
                }
                self.visited += (points.len() + next.len()) as u64;
                core::mem::swap(&mut points, &mut next);
                if self.visited > nodes || steps.len() > STEPS {
                    self.pattern = trace(&steps, best_step);
                    return false;
                }
                batch *= 2;
            }
        }
        self.pattern = trace(&steps, best_step);
        true
    }
}

/// Adds a point unless the last, which is no larger, is worth as much.
fn push<V: Value>(points: &mut Vec<Point<V>>, point: Point<V>) {
    match points.last_mut() {
        Some(last) if !point.worth.exceeds(last.worth) => {}
        Some(last) if last.load == point.load => *last = point,
        _ => points.push(point),
    }
}

fn trace(steps: &[Step], last: u32) -> Option<Vec<(usize, u32)>> {
    let mut chosen: Vec<(usize, u32)> = Vec::new();
    let mut at = last;
    while at != 0 {
        let step = &steps[at as usize];
        match chosen.last_mut() {
            Some((place, copies)) if *place == step.place as usize => *copies += step.copies,
            _ => chosen.push((step.place as usize, step.copies)),
        }
        at = step.before;
    }
    (!chosen.is_empty()).then_some(chosen)
}

/// The most steps that are kept.
const STEPS: usize = 1 << 20;
