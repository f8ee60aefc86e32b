use alloc::vec::Vec;

/// Finds the first of many in some order, after one of them has changed: `O(log n)`.
///
/// The leaves of a binary tree take part or do not; at each node stands the winner of those below.
#[derive(Clone, Debug, Default)]
pub(super) struct Tournament {
    /// The winner of all at 1, the leaves in the second half.
    nodes: Vec<u32>,
}

/// Nobody.
const NONE: u32 = u32::MAX;

impl Tournament {
    /// The winner of all.
    pub(super) fn first(&self) -> Option<u32> {
        self.nodes.get(1).copied().filter(|&winner| winner != NONE)
    }

    /// Has one take part or not, with all matches it may be in played again.
    pub(super) fn update(
        &mut self,
        number: u32,
        takes_part: bool,
        before: impl Fn(u32, u32) -> bool,
    ) {
        let leaves = self.nodes.len() / 2;
        if number as usize >= leaves {
            self.grow(number as usize + 1, &before);
        }
        let mut node = self.nodes.len() / 2 + number as usize;
        self.nodes[node] = if takes_part { number } else { NONE };
        while node > 1 {
            node /= 2;
            self.play(node, &before);
        }
    }

    /// Plays all matches among `count`.
    pub(super) fn rebuild(
        &mut self,
        count: usize,
        takes_part: impl Fn(u32) -> bool,
        before: impl Fn(u32, u32) -> bool,
    ) {
        let leaves = count.next_power_of_two();
        self.nodes.clear();
        self.nodes.resize(leaves, NONE);
        self.nodes.extend((0..leaves as u32).map(|number| {
            if (number as usize) < count && takes_part(number) { number } else { NONE }
        }));
        self.play_all(&before);
    }

    fn grow(&mut self, count: usize, before: &impl Fn(u32, u32) -> bool) {
        let leaves = count.next_power_of_two();
        let old = self.nodes.split_off(self.nodes.len() / 2);
        self.nodes.clear();
        self.nodes.resize(leaves, NONE);
        self.nodes.extend(old);
        self.nodes.resize(2 * leaves, NONE);
        self.play_all(before);
    }

    fn play_all(&mut self, before: &impl Fn(u32, u32) -> bool) {
        for node in (1..self.nodes.len() / 2).rev() {
            self.play(node, before);
        }
    }

    fn play(&mut self, node: usize, before: &impl Fn(u32, u32) -> bool) {
        let [one, other] = [self.nodes[2 * node], self.nodes[2 * node + 1]];
        let second = one == NONE || (other != NONE && before(other, one));
        self.nodes[node] = if second { other } else { one };
    }
}
