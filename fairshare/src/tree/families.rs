use alloc::vec::Vec;

use super::Node;

/// Who is in which group: the members of each side by side.
pub(super) struct Families {
    /// Where the members of a group begin, the top first, and where the last end.
    begins: Vec<u32>,
    members: Vec<u32>,
}

impl Families {
    pub(super) fn of(nodes: &[Node]) -> Self {
        let family = |node: &Node| node.parent.map_or(0, |parent| parent.index() + 1);
        let mut begins = alloc::vec![0; nodes.len() + 2];
        for node in nodes {
            begins[family(node) + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let mut members = alloc::vec![0; nodes.len()];
        let mut next = begins.clone();
        for (number, node) in (0..).zip(nodes) {
            let next = &mut next[family(node)];
            members[*next as usize] = number;
            *next += 1;
        }
        Self { begins, members }
    }

    /// The top, then all nodes.
    pub(super) fn groups(&self) -> impl Iterator<Item = Option<usize>> {
        (0..=self.members.len()).map(|family| family.checked_sub(1))
    }

    pub(super) fn children(&self, group: Option<usize>) -> &[u32] {
        let family = group.map_or(0, |group| group + 1);
        &self.members[self.begins[family] as usize..self.begins[family + 1] as usize]
    }
}
