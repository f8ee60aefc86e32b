use alloc::vec::Vec;
use core::mem;

use super::Entry;
use crate::window::{Frontier, Window};

/// A treap of blocks of neighbouring jobs. Each node knows the [`Frontier`] of its block and of its
/// whole subtree, so a search never goes down where nothing is admitted.
#[derive(Clone, Debug)]
pub(crate) struct Treap<K> {
    nodes: Vec<Node<K>>,
    /// Nodes that are out of use.
    spare: Vec<u32>,
    root: Option<u32>,
    len: usize,
    /// For use within [`pull`](Self::pull).
    part: Frontier,
    /// For use within a call: the nodes from the root to one that is looked for.
    path: Vec<u32>,
    /// State of the generator of ranks: the shape is the same in every run, and no decision depends
    /// on it.
    ranks: u64,
}

#[derive(Clone, Debug)]
struct Node<K> {
    left: Option<u32>,
    right: Option<u32>,
    /// A parent's rank is at least its children's.
    rank: u64,
    /// Where the first of the block stands: a search for a place reads nothing else.
    first: (K, u64),
    /// Never empty while in use.
    block: Vec<Entry<K>>,
    own: Frontier,
    whole: Frontier,
}

impl<K: Ord + Clone> Treap<K> {
    pub(super) fn new() -> Self {
        Self {
            nodes: Vec::new(),
            spare: Vec::new(),
            root: None,
            len: 0,
            part: Frontier::default(),
            path: Vec::new(),
            ranks: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn first(&self) -> Option<&Entry<K>> {
        let mut at = self.root?;
        while let Some(left) = self.node(at).left {
            at = left;
        }
        self.node(at).block.first()
    }

    pub(super) fn iter(&self) -> Iter<'_, K> {
        let mut iter = Iter { treap: self, path: Vec::new(), block: [].iter() };
        iter.descend(self.root);
        iter
    }

    pub(super) fn insert(&mut self, entry: Entry<K>) {
        self.len += 1;
        if self.root.is_none() {
            self.root = Some(self.add_node(alloc::vec![entry]));
            return;
        }
        let path = self.path_to(&entry.key, entry.sequence);
        let at = path[path.len() - 1];
        let (processors, length) = entry.needs();
        let node = self.node_mut(at);
        let position =
            node.block.partition_point(|other| other.is_before(&entry.key, entry.sequence));
        if position == 0 {
            node.first = entry.place();
        }
        node.block.insert(position, entry);
        let mut changed = node.own.insert(processors, length);
        if node.block.len() > BLOCK {
            self.split_block(&path);
        } else {
            for &at in path.iter().rev() {
                // Beaten in a part is beaten in the whole.
                changed = changed && self.node_mut(at).whole.insert(processors, length);
                if !changed {
                    break;
                }
            }
        }
        self.path = path;
    }

    pub(super) fn remove(&mut self, key: &K, sequence: u64) {
        if self.root.is_none() {
            return;
        }
        let path = self.path_to(key, sequence);
        let at = path[path.len() - 1];
        let position = self.node(at).block.partition_point(|entry| entry.is_before(key, sequence));
        debug_assert!(
            self.node(at).block.get(position).is_some_and(|entry| entry.sequence == sequence)
        );
        self.remove_at(&path, position);
        self.path = path;
    }

    /// Whether any job is admitted. O(log s).
    pub(super) fn admits(&self, window: &impl Window) -> bool {
        self.root.is_some_and(|root| window.admits_any(&self.node(root).whole))
    }

    /// Takes out the first job that the window admits.
    pub(super) fn take(&mut self, window: &impl Window) -> Option<Entry<K>> {
        let mut at = self.root.filter(|_| self.admits(window))?;
        let mut path = mem::take(&mut self.path);
        path.clear();
        let position = loop {
            path.push(at);
            let node = self.node(at);
            match node.left {
                Some(left) if window.admits_any(&self.node(left).whole) => at = left,
                _ if window.admits_any(&node.own) => {
                    break node
                        .block
                        .iter()
                        .position(|entry| window.admits(entry.processors.into(), entry.length))?;
                }
                _ => at = node.right?,
            }
        };
        let entry = self.remove_at(&path, position);
        self.path = path;
        Some(entry)
    }

    /// Takes the entry at `position` out of the block of the last node of `path`, which leads there
    /// from the root.
    fn remove_at(&mut self, path: &[u32], position: usize) -> Entry<K> {
        self.len -= 1;
        let at = path[path.len() - 1];
        let node = self.node_mut(at);
        let entry = node.block.remove(position);
        let (processors, length) = entry.needs();
        if node.block.is_empty() {
            self.unlink(path);
            return entry;
        }
        if position == 0 {
            node.first = node.block[0].place();
        }
        if node.own.contains(processors, length) {
            node.own.rebuild(node.block.iter().map(Entry::needs));
            for &at in path.iter().rev() {
                // What is beaten in a part is beaten in the whole: nothing changes above.
                if !self.node(at).whole.contains(processors, length) {
                    break;
                }
                self.pull(at);
            }
        }
        entry
    }

    /// Takes the last node of `path` out of the tree.
    fn unlink(&mut self, path: &[u32]) {
        let Some((&at, above)) = path.split_last() else {
            return;
        };
        let (left, right) = (self.node(at).left, self.node(at).right);
        let merged = self.merge(left, right);
        match above.last() {
            None => self.root = merged,
            Some(&parent) => {
                let parent = self.node_mut(parent);
                if parent.left == Some(at) {
                    parent.left = merged;
                } else {
                    parent.right = merged;
                }
            }
        }
        for &at in above.iter().rev() {
            self.pull(at);
        }
        self.spare.push(at);
    }

    /// Moves the upper half of the overfull block of the last node of `path` into a node of its
    /// own.
    fn split_block(&mut self, path: &[u32]) {
        let at = path[path.len() - 1];
        let node = self.node_mut(at);
        let upper = node.block.split_off(BLOCK / 2);
        node.own.rebuild(node.block.iter().map(Entry::needs));
        let (key, sequence) = node.first.clone();
        let fresh = self.add_node(upper);
        self.root = Some(self.insert_node(path[0], fresh));
        // The path to the old node has lost the upper half and regained it in the new one: only
        // nodes between the old one and the new one can hold too much, and they are on that path.
        let path = self.path_to(&key, sequence);
        for &at in path.iter().rev() {
            self.pull(at);
        }
    }

    /// Hangs the node `fresh` into the subtree at `at`. Returns the new root of the subtree.
    fn insert_node(&mut self, at: u32, fresh: u32) -> u32 {
        if self.node(fresh).rank > self.node(at).rank {
            let (left, right) = self.split(Some(at), fresh);
            let node = self.node_mut(fresh);
            (node.left, node.right) = (left, right);
            self.pull(fresh);
            return fresh;
        }
        let before = self.is_before(fresh, at);
        let child = if before { self.node(at).left } else { self.node(at).right };
        let child = Some(child.map_or(fresh, |child| self.insert_node(child, fresh)));
        let node = self.node_mut(at);
        if before {
            node.left = child;
        } else {
            node.right = child;
        }
        self.pull(at);
        at
    }

    /// Parts a subtree into what stands before the node `border` and what stands after it.
    fn split(&mut self, at: Option<u32>, border: u32) -> (Option<u32>, Option<u32>) {
        let Some(at) = at else { return (None, None) };
        if self.is_before(at, border) {
            let (left, right) = self.split(self.node(at).right, border);
            self.node_mut(at).right = left;
            self.pull(at);
            (Some(at), right)
        } else {
            let (left, right) = self.split(self.node(at).left, border);
            self.node_mut(at).left = right;
            self.pull(at);
            (left, Some(at))
        }
    }

    /// Joins two subtrees of which the first stands before the second.
    fn merge(&mut self, left: Option<u32>, right: Option<u32>) -> Option<u32> {
        let (Some(a), Some(b)) = (left, right) else {
            return left.or(right);
        };
        if self.node(a).rank >= self.node(b).rank {
            let child = self.merge(self.node(a).right, Some(b));
            self.node_mut(a).right = child;
            self.pull(a);
            Some(a)
        } else {
            let child = self.merge(Some(a), self.node(b).left);
            self.node_mut(b).left = child;
            self.pull(b);
            Some(b)
        }
    }

    /// Works out the frontier of a subtree from its parts.
    fn pull(&mut self, at: u32) {
        let (left, right) = (self.node(at).left, self.node(at).right);
        let mut whole = mem::take(&mut self.node_mut(at).whole);
        let mut part = mem::take(&mut self.part);
        let own = &self.node(at).own;
        match (left.map(|left| &self.node(left).whole), right.map(|right| &self.node(right).whole))
        {
            (None, None) => whole.clone_from(own),
            (Some(one), None) | (None, Some(one)) => whole.merge(one, own),
            (Some(left), Some(right)) => {
                part.merge(left, own);
                whole.merge(&part, right);
            }
        }
        self.node_mut(at).whole = whole;
        self.part = part;
    }

    /// The nodes from the root to the one whose block holds, or is to hold, the place of `key` and
    /// `sequence`: the last that does not begin after it, or else the first of all. The tree must
    /// not be empty.
    fn path_to(&mut self, key: &K, sequence: u64) -> Vec<u32> {
        let mut path = mem::take(&mut self.path);
        path.clear();
        let mut end = None;
        let mut next = self.root;
        while let Some(at) = next {
            path.push(at);
            let node = self.node(at);
            if (&node.first.0, node.first.1) <= (key, sequence) {
                end = Some(path.len());
                next = node.right;
            } else {
                next = node.left;
            }
        }
        path.truncate(end.unwrap_or(path.len()));
        path
    }

    fn is_before(&self, one: u32, other: u32) -> bool {
        self.node(one).first < self.node(other).first
    }

    fn add_node(&mut self, block: Vec<Entry<K>>) -> u32 {
        // SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
        self.ranks = self.ranks.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut rank = self.ranks;
        rank = (rank ^ (rank >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        rank = (rank ^ (rank >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        rank ^= rank >> 31;
        let mut own = Frontier::default();
        own.rebuild(block.iter().map(Entry::needs));
        let first = block[0].place();
        let node = Node { left: None, right: None, rank, first, block, whole: own.clone(), own };
        if let Some(at) = self.spare.pop() {
            *self.node_mut(at) = node;
            return at;
        }
        self.nodes.push(node);
        // There are fewer blocks than jobs, and jobs are numbered by `u32`.
        u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX)
    }

    fn node(&self, at: u32) -> &Node<K> {
        &self.nodes[at as usize]
    }

    fn node_mut(&mut self, at: u32) -> &mut Node<K> {
        &mut self.nodes[at as usize]
    }
}

/// The jobs of a [`Treap`], in order.
pub(super) struct Iter<'a, K> {
    treap: &'a Treap<K>,
    /// Nodes whose block and right subtree are still to come.
    path: Vec<u32>,
    block: core::slice::Iter<'a, Entry<K>>,
}

impl<K: Ord + Clone> Iter<'_, K> {
    fn descend(&mut self, mut at: Option<u32>) {
        while let Some(node) = at {
            self.path.push(node);
            at = self.treap.node(node).left;
        }
    }
}

impl<'a, K: Ord + Clone> Iterator for Iter<'a, K> {
    type Item = &'a Entry<K>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.block.next() {
                return Some(entry);
            }
            let at = self.path.pop()?;
            self.block = self.treap.node(at).block.iter();
            self.descend(self.treap.node(at).right);
        }
    }
}

/// The largest block.
const BLOCK: usize = 64;
