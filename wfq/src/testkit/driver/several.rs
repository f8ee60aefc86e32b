use super::{Driver, Node, State};
use crate::testkit::beside::{Beside, Sibling};
use crate::testkit::{Subject, Violation};

/// What is checked of shares with several in service.
impl<S: Subject> Driver<S> {
    /// With several in service, at every node above the entity, before it is in service.
    pub(super) fn check_beside(&mut self, picked: usize) -> Result<(), Violation> {
        let Some(mut beside) = self.beside.take() else { return Ok(()) };
        let checked = self.begin_turn(picked, &mut beside);
        self.beside = Some(beside);
        checked
    }

    fn begin_turn(&self, picked: usize, beside: &mut Beside) -> Result<(), Violation> {
        let mut next = Some(picked);
        while let Some(node) = next {
            next = self.node(node).parent;
            let own = self.sibling(node);
            for other in 0..self.nodes.len() {
                let competes = |known: Node| known.competes && known.parent == next;
                if other != node && self.nodes[other].is_some_and(competes) {
                    beside.pick(&own, &self.sibling(other))?;
                }
            }
        }
        Ok(())
    }

    fn sibling(&self, node: usize) -> Sibling {
        Sibling {
            node,
            member: self.member(node),
            weight: self.node(node).weight,
            waits: self.waits(node),
        }
    }

    /// Whether the entity, or somebody in the group, is queued and may run.
    fn waits(&self, node: usize) -> bool {
        let Some(known) = self.nodes[node].filter(|node| node.competes) else { return false };
        match known.state {
            State::Group => (0..self.nodes.len()).any(|inner| {
                self.nodes[inner].is_some_and(|inner| inner.parent == Some(node))
                    && self.waits(inner)
            }),
            state => state == State::Queued,
        }
    }
}
