use alloc::vec::Vec;
use core::mem;

use super::{Entry, narrow};
use crate::window::Window;

/// A B+ tree of jobs by place, of which each branch knows the narrowest job of each child.
///
/// Where the order is that of lengths, what a window admits is the narrow ones of a range, so this
/// is all that a search needs.
#[derive(Clone, Debug)]
pub(crate) struct BPlusTree<K> {
    leaves: Vec<Leaf<K>>,
    branches: Vec<Branch<K>>,
    /// Leaves and branches that are out of use.
    spare_leaves: Vec<u32>,
    spare_branches: Vec<u32>,
    /// A leaf, or as many branches above one as the tree is high.
    root: u32,
    height: usize,
    len: usize,
    /// For use within a call: the branches from the root to a leaf, and which child to go on with.
    path: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    branch: u32,
    child: usize,
}

#[derive(Clone, Debug)]
struct Leaf<K> {
    entries: Vec<Entry<K>>,
    /// The processors of each: what a search looks at.
    widths: Vec<u32>,
}

/// Of each child, in order.
#[derive(Clone, Debug)]
struct Branch<K> {
    children: Vec<u32>,
    /// Where its first job stands.
    firsts: Vec<(K, u64)>,
    /// The processors of its narrowest job.
    narrowest: Vec<u32>,
}

impl<K: Ord + Clone> BPlusTree<K> {
    pub(super) fn new() -> Self {
        Self {
            leaves: alloc::vec![Leaf { entries: Vec::new(), widths: Vec::new() }],
            branches: Vec::new(),
            spare_leaves: Vec::new(),
            spare_branches: Vec::new(),
            root: 0,
            height: 0,
            len: 0,
            path: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn first(&self) -> Option<&Entry<K>> {
        let mut at = self.root;
        for _ in 0..self.height {
            at = self.branch(at).children[0];
        }
        self.leaf(at).entries.first()
    }

    pub(super) fn iter(&self) -> Iter<'_, K> {
        let mut iter = Iter { tree: self, path: Vec::new(), entries: [].iter() };
        iter.descend(self.root);
        iter
    }

    /// O(log n).
    pub(super) fn insert(&mut self, entry: Entry<K>) {
        self.len += 1;
        let (path, at) = self.path_to(&entry.key, entry.sequence);
        let leaf = self.leaf_mut(at);
        let before = |other: &Entry<K>| other.is_before(&entry.key, entry.sequence);
        let position = leaf.entries.partition_point(before);
        leaf.widths.insert(position, entry.processors);
        leaf.entries.insert(position, entry);
        let is_overfull = leaf.entries.len() > MOST;
        self.refresh(&path);
        if is_overfull {
            self.split_leaf(&path, at);
        }
        self.path = path;
    }

    /// Takes out the job at `key` and `sequence`, which must be there. O(log n).
    pub(super) fn remove(&mut self, key: &K, sequence: u64) {
        let (path, at) = self.path_to(key, sequence);
        let entries = &self.leaf(at).entries;
        let position = entries.partition_point(|entry| entry.is_before(key, sequence));
        debug_assert!(entries.get(position).is_some_and(|entry| entry.sequence == sequence));
        self.remove_at(&path, at, position);
        self.path = path;
    }

    /// Whether any job needs no more than `processors`.
    pub(super) fn has_any_up_to(&self, processors: u64) -> bool {
        let widths = match self.height {
            0 => &self.leaf(self.root).widths,
            _ => &self.branch(self.root).narrowest,
        };
        widths.iter().any(|&width| u64::from(width) <= processors)
    }

    /// Takes out the first job that the window admits, if the order is that of lengths. O(k log n)
    /// for the k steps of the window.
    pub(super) fn take(&mut self, window: &impl Window) -> Option<Entry<K>> {
        let mut path = mem::take(&mut self.path);
        // The first that is narrow enough for a step is longer than the steps before it, which
        // would have admitted it.
        let found = window.steps().find_map(|(length, processors)| {
            let (at, position) = self.find_up_to(narrow(processors), &mut path)?;
            (self.leaf(at).entries[position].length <= length).then_some((at, position))
        });
        let entry = found.map(|(at, position)| self.remove_at(&path, at, position));
        self.path = path;
        entry
    }

    /// The first job that needs no more than `processors`: its leaf, with the path there, and its
    /// position in that.
    fn find_up_to(&self, processors: u32, path: &mut Vec<Step>) -> Option<(u32, usize)> {
        path.clear();
        let mut at = self.root;
        for _ in 0..self.height {
            let branch = self.branch(at);
            let child = branch.narrowest.iter().position(|&width| width <= processors)?;
            path.push(Step { branch: at, child });
            at = branch.children[child];
        }
        let position = self.leaf(at).widths.iter().position(|&width| width <= processors)?;
        Some((at, position))
    }

    /// The path to the leaf that holds, or is to hold, the place of `key` and `sequence`.
    fn path_to(&mut self, key: &K, sequence: u64) -> (Vec<Step>, u32) {
        let mut path = mem::take(&mut self.path);
        path.clear();
        let mut at = self.root;
        for _ in 0..self.height {
            let branch = self.branch(at);
            let begun = |first: &(K, u64)| (&first.0, first.1) <= (key, sequence);
            let child = branch.firsts.partition_point(begun).saturating_sub(1);
            path.push(Step { branch: at, child });
            at = branch.children[child];
        }
        (path, at)
    }

    fn remove_at(&mut self, path: &[Step], at: u32, position: usize) -> Entry<K> {
        self.len -= 1;
        let leaf = self.leaf_mut(at);
        leaf.widths.remove(position);
        let entry = leaf.entries.remove(position);
        if leaf.entries.is_empty() && self.height > 0 {
            self.spare_leaves.push(at);
            self.unlink(path);
        } else {
            self.refresh(path);
        }
        entry
    }

    /// Takes the empty child at the end of `path` out of the tree.
    fn unlink(&mut self, path: &[Step]) {
        let mut path = path;
        while let Some((&Step { branch, child }, above)) = path.split_last() {
            let node = self.branch_mut(branch);
            node.children.remove(child);
            node.firsts.remove(child);
            node.narrowest.remove(child);
            if !node.children.is_empty() {
                break;
            }
            self.spare_branches.push(branch);
            path = above;
        }
        if let Some((_, above)) = path.split_last() {
            self.refresh(above);
        }
        while self.height > 0
            && let [only] = self.branch(self.root).children[..]
        {
            self.spare_branches.push(self.root);
            self.root = only;
            self.height -= 1;
        }
    }

    /// Tells the branches of `path`, which begins at the root, of a change below, from the last one
    /// up.
    fn refresh(&mut self, path: &[Step]) {
        for (depth, &Step { branch, child }) in path.iter().enumerate().rev() {
            let at = self.branch(branch).children[child];
            let (first, narrowest) = self.outline(at, self.height - depth - 1);
            let node = self.branch_mut(branch);
            if node.narrowest[child] == narrowest && node.firsts[child] == first {
                return;
            }
            node.narrowest[child] = narrowest;
            node.firsts[child] = first;
        }
    }

    /// What a branch knows of a child of that height.
    fn outline(&self, at: u32, height: usize) -> ((K, u64), u32) {
        let (first, widths) = if height == 0 {
            let leaf = self.leaf(at);
            (leaf.entries[0].place(), &leaf.widths)
        } else {
            let branch = self.branch(at);
            (branch.firsts[0].clone(), &branch.narrowest)
        };
        (first, widths.iter().copied().min().unwrap_or(u32::MAX))
    }

    /// Moves the upper half of an overfull leaf into a new one, and so on up.
    fn split_leaf(&mut self, path: &[Step], at: u32) {
        let leaf = self.leaf_mut(at);
        let upper = Leaf {
            entries: leaf.entries.split_off(MOST / 2),
            widths: leaf.widths.split_off(MOST / 2),
        };
        let mut fresh = add(&mut self.leaves, &mut self.spare_leaves, upper);
        for (height, &Step { branch, child }) in path.iter().rev().enumerate() {
            let (first, narrowest) = self.outline(fresh, height);
            let (_, left) = self.outline(self.branch(branch).children[child], height);
            let node = self.branch_mut(branch);
            node.narrowest[child] = left;
            node.children.insert(child + 1, fresh);
            node.firsts.insert(child + 1, first);
            node.narrowest.insert(child + 1, narrowest);
            if node.children.len() <= MOST {
                return;
            }
            let upper = Branch {
                children: node.children.split_off(MOST / 2),
                firsts: node.firsts.split_off(MOST / 2),
                narrowest: node.narrowest.split_off(MOST / 2),
            };
            fresh = add(&mut self.branches, &mut self.spare_branches, upper);
        }
        let children = [self.root, fresh];
        let [(first, left), (second, right)] = children.map(|at| self.outline(at, self.height));
        let root = Branch {
            children: children.to_vec(),
            firsts: [first, second].into(),
            narrowest: [left, right].into(),
        };
        self.root = add(&mut self.branches, &mut self.spare_branches, root);
        self.height += 1;
    }

    fn leaf(&self, at: u32) -> &Leaf<K> {
        &self.leaves[at as usize]
    }

    fn leaf_mut(&mut self, at: u32) -> &mut Leaf<K> {
        &mut self.leaves[at as usize]
    }

    fn branch(&self, at: u32) -> &Branch<K> {
        &self.branches[at as usize]
    }

    fn branch_mut(&mut self, at: u32) -> &mut Branch<K> {
        &mut self.branches[at as usize]
    }
}

/// The jobs of a [`BPlusTree`], in order.
pub(super) struct Iter<'a, K> {
    tree: &'a BPlusTree<K>,
    /// The branches above the leaf that is being read, and which child that is in.
    path: Vec<Step>,
    entries: core::slice::Iter<'a, Entry<K>>,
}

impl<K: Ord + Clone> Iter<'_, K> {
    fn descend(&mut self, mut at: u32) {
        while self.path.len() < self.tree.height {
            self.path.push(Step { branch: at, child: 0 });
            at = self.tree.branch(at).children[0];
        }
        self.entries = self.tree.leaf(at).entries.iter();
    }
}

impl<'a, K: Ord + Clone> Iterator for Iter<'a, K> {
    type Item = &'a Entry<K>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.entries.next() {
                return Some(entry);
            }
            let step = self.path.last_mut()?;
            step.child += 1;
            match self.tree.branch(step.branch).children.get(step.child) {
                Some(&child) => self.descend(child),
                None => drop(self.path.pop()),
            }
        }
    }
}

/// The number of a new element.
fn add<T>(all: &mut Vec<T>, spare: &mut Vec<u32>, element: T) -> u32 {
    if let Some(at) = spare.pop() {
        all[at as usize] = element;
        return at;
    }
    all.push(element);
    // There are fewer of them than jobs, and jobs are numbered by `u32`.
    u32::try_from(all.len() - 1).unwrap_or(u32::MAX)
}

/// The largest leaf, and the most children of a branch. Few in the tests of this crate, so that
/// their trees are high.
const MOST: usize = if cfg!(test) { 4 } else { 64 };
