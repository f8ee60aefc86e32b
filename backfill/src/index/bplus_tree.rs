use alloc::vec::Vec;
use core::array;
use core::mem;

use super::{Entry, narrow};
use crate::window::Window;

/// A B+ tree of jobs by place. If it is searched, each branch knows the narrowest job of each
/// child: where the order is that of lengths, what a window admits is the narrow ones of a range.
///
/// In a long queue each line of memory that is touched costs more than what is done with it. So the
/// jobs of a leaf stand in no order: who comes takes any place that is vacant, who leaves only loses
/// a bit, and what a search compares lies together.
#[derive(Clone, Debug)]
pub(crate) struct BPlusTree<K> {
    searched: bool,
    leaves: Vec<Leaf<K>>,
    branches: Vec<Branch<K>>,
    /// Leaves and branches that are out of use.
    spare_leaves: Vec<u32>,
    spare_branches: Vec<u32>,
    /// A leaf, or as many branches above one as the tree is high.
    root: u32,
    height: usize,
    len: usize,
    /// The first job.
    front: Option<Entry<K>>,
    /// For use within a call: the branches from the root to a leaf, and which child to go on with.
    path: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    branch: u32,
    child: usize,
}

/// Two lines of memory that are fetched together, then the jobs, none of them across lines.
#[derive(Clone, Debug)]
#[repr(C, align(128))]
struct Leaf<K> {
    /// Which places are taken: a bit for each, the first one lowest.
    taken: u64,
    /// What jobs are found by: see [`BPlusTree::mark`]. Of a vacant place, `u16::MAX`.
    marks: [u16; LEAF],
    /// In no order.
    entries: [Entry<K>; LEAF],
}

/// Of each child, in order.
#[derive(Clone, Debug)]
struct Branch<K> {
    len: usize,
    /// The processors of its narrowest job, if the tree is searched.
    narrowest: [u32; BRANCH],
    children: [u32; BRANCH],
    /// None of its jobs stands before this, but for the first child's.
    borders: [(K, u64); BRANCH],
}

impl<K: Ord + Clone> BPlusTree<K> {
    /// An empty tree, which can [`take`](Self::take) what a window admits only if it is `searched`.
    pub(super) const fn new(searched: bool) -> Self {
        Self {
            searched,
            leaves: Vec::new(),
            branches: Vec::new(),
            spare_leaves: Vec::new(),
            spare_branches: Vec::new(),
            root: 0,
            height: 0,
            len: 0,
            front: None,
            path: Vec::new(),
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn first(&self) -> Option<&Entry<K>> {
        self.front.as_ref()
    }

    pub(super) fn iter(&self) -> Iter<'_, K> {
        let mut iter = Iter { tree: self, path: Vec::new(), entries: Vec::new() };
        if self.len > 0 {
            iter.descend(self.root);
        }
        iter
    }

    /// O(log n).
    pub(super) fn insert(&mut self, entry: Entry<K>) {
        self.len += 1;
        if self.front.as_ref().is_none_or(|front| entry.is_before(&front.key, front.sequence)) {
            self.front = Some(entry.clone());
        }
        if self.leaves.is_empty() {
            self.leaves.push(Leaf::new(&entry));
        }
        let (path, at) = self.path_to(&entry.key, entry.sequence);
        if self.searched {
            for &Step { branch, child } in path.iter().rev() {
                let narrowest = &mut self.branch_mut(branch).narrowest[child];
                if *narrowest <= entry.processors {
                    break;
                }
                *narrowest = entry.processors;
            }
        }
        let mark = self.mark(&entry);
        let leaf = self.leaf_mut(at);
        leaf.push(mark, entry);
        if leaf.taken == ALL {
            self.split_leaf(&path, at);
        }
        self.path = path;
    }

    /// Takes out a job, which must be there. O(log n).
    pub(super) fn remove(&mut self, entry: &Entry<K>) {
        let (path, at) = self.path_to(&entry.key, entry.sequence);
        let position = self.leaf(at).position(self.mark(entry), entry.sequence);
        debug_assert!(position.is_some());
        if let Some(position) = position {
            self.remove_at(&path, at, position);
        }
        self.path = path;
    }

    /// Whether any job needs no more than `processors`.
    pub(super) fn has_any_up_to(&self, processors: u64) -> bool {
        self.len > 0 && u64::from(self.narrowest(self.root, self.height)) <= processors
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
        if self.len == 0 {
            return None;
        }
        path.clear();
        let mut at = self.root;
        for _ in 0..self.height {
            let branch = self.branch(at);
            let child = branch.narrowest().iter().position(|&width| width <= processors)?;
            path.push(Step { branch: at, child });
            at = branch.children[child];
        }
        let leaf = self.leaf(at);
        let most = u16::try_from(processors).unwrap_or(u16::MAX);
        let narrow = leaf
            .marked(|mark| mark <= most)
            .filter(|&at| leaf.entries[at].processors <= processors);
        Some((at, narrow.min_by(|&one, &other| leaf.entries[one].cmp(&leaf.entries[other]))?))
    }

    /// The path to the leaf that holds, or is to hold, the place of `key` and `sequence`.
    fn path_to(&mut self, key: &K, sequence: u64) -> (Vec<Step>, u32) {
        let mut path = mem::take(&mut self.path);
        path.clear();
        let mut at = self.root;
        for _ in 0..self.height {
            let branch = self.branch(at);
            let begun = |border: &(K, u64)| (&border.0, border.1) <= (key, sequence);
            let child = branch.borders().partition_point(begun).saturating_sub(1);
            path.push(Step { branch: at, child });
            at = branch.children[child];
        }
        (path, at)
    }

    fn remove_at(&mut self, path: &[Step], at: u32, position: usize) -> Entry<K> {
        self.len -= 1;
        let leaf = self.leaf_mut(at);
        let entry = leaf.remove(position);
        if leaf.taken == 0 && self.height > 0 {
            self.spare_leaves.push(at);
            self.unlink(path);
        } else if self.searched {
            self.widen(path, at, entry.processors);
        }
        if self.front.as_ref().is_some_and(|front| front.sequence == entry.sequence) {
            self.front = self.find_first();
        }
        entry
    }

    fn find_first(&self) -> Option<Entry<K>> {
        if self.len == 0 {
            return None;
        }
        let mut at = self.root;
        for _ in 0..self.height {
            at = self.branch(at).children[0];
        }
        self.leaf(at).entries().min_by(|one, other| one.cmp(other)).cloned()
    }

    /// Takes the empty child at the end of `path` out of the tree.
    fn unlink(&mut self, path: &[Step]) {
        let mut path = path;
        while let Some((&Step { branch, child }, above)) = path.split_last() {
            let node = self.branch_mut(branch);
            let narrowest = node.remove(child);
            if node.len > 0 {
                if self.searched {
                    self.widen(above, branch, narrowest);
                }
                break;
            }
            self.spare_branches.push(branch);
            path = above;
        }
        while self.height > 0 && self.branch(self.root).len == 1 {
            self.spare_branches.push(self.root);
            self.root = self.branch(self.root).children[0];
            self.height -= 1;
        }
    }

    /// Tells the branches of `path`, from the last one up, that a job of `processors` has left the
    /// leaf or branch `at`, where the path leads to.
    fn widen(&mut self, path: &[Step], at: u32, processors: u32) {
        let mut at = at;
        for (depth, &Step { branch, child }) in path.iter().enumerate().rev() {
            if self.branch(branch).narrowest[child] < processors {
                return;
            }
            let narrowest = self.narrowest(at, self.height - depth - 1);
            let node = self.branch_mut(branch);
            if node.narrowest[child] == narrowest {
                return;
            }
            node.narrowest[child] = narrowest;
            at = branch;
        }
    }

    /// How narrow the narrowest job of a leaf or branch of that height is.
    fn narrowest(&self, at: u32, height: usize) -> u32 {
        if height > 0 {
            return self.branch(at).narrowest().iter().copied().min().unwrap_or(u32::MAX);
        }
        let leaf = self.leaf(at);
        match leaf.marks.iter().copied().min() {
            Some(mark) if mark < u16::MAX => mark.into(),
            _ => leaf.entries().map(|entry| entry.processors).min().unwrap_or(u32::MAX),
        }
    }

    /// Moves the upper half of a full leaf into a new one, and so on up.
    fn split_leaf(&mut self, path: &[Step], at: u32) {
        let is_last = path.iter().all(|step| step.child + 1 == self.branch(step.branch).len);
        let searched = self.searched;
        let leaf = self.leaf_mut(at);
        leaf.entries.sort_unstable_by(Entry::cmp);
        // What comes in order fills its leaves.
        let cut = if is_last { LEAF - 1 } else { LEAF / 2 };
        let mut border = leaf.entries[cut].place();
        let mut upper = Leaf::new(&leaf.entries[cut]);
        let mut lower = upper.clone();
        for (at, entry) in leaf.entries.iter().enumerate() {
            let half = if at < cut { &mut lower } else { &mut upper };
            half.push(mark_of(searched, entry), entry.clone());
        }
        *leaf = lower;
        let mut old = at;
        let mut fresh = add(&mut self.leaves, &mut self.spare_leaves, upper);
        for (height, &Step { branch, child }) in path.iter().rev().enumerate() {
            let narrowest = [old, fresh].map(|at| self.narrowest(at, height));
            let node = self.branch_mut(branch);
            node.narrowest[child] = narrowest[0];
            node.insert(child + 1, narrowest[1], fresh, border);
            if node.len < BRANCH {
                return;
            }
            let cut = if is_last { BRANCH - 1 } else { BRANCH / 2 };
            let mut upper = node.clone();
            upper.narrowest.rotate_left(cut);
            upper.children.rotate_left(cut);
            upper.borders.rotate_left(cut);
            (node.len, upper.len) = (cut, BRANCH - cut);
            border = upper.borders[0].clone();
            old = branch;
            fresh = add(&mut self.branches, &mut self.spare_branches, upper);
        }
        let [left, right] = [old, fresh].map(|at| self.narrowest(at, self.height));
        let mut root = Branch {
            len: 1,
            narrowest: [left; BRANCH],
            children: [old; BRANCH],
            borders: array::from_fn(|_| border.clone()),
        };
        root.insert(1, right, fresh, border);
        self.root = add(&mut self.branches, &mut self.spare_branches, root);
        self.height += 1;
    }

    /// What a job is found by in its leaf: its processors, as far as 16 bits can say, or else a part
    /// of its place in the order of submission.
    fn mark(&self, entry: &Entry<K>) -> u16 {
        mark_of(self.searched, entry)
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

impl<K: Clone> Leaf<K> {
    /// An empty leaf; `entry` only fills the array.
    fn new(entry: &Entry<K>) -> Self {
        let entries = array::from_fn(|_| entry.clone());
        Self { taken: 0, marks: [u16::MAX; LEAF], entries }
    }

    /// The places of jobs with such marks.
    #[inline]
    fn marked(&self, is_it: impl Fn(u16) -> bool) -> impl Iterator<Item = usize> {
        let marked = self.marks.iter().enumerate().filter(move |&(_, &mark)| is_it(mark));
        marked.map(|(at, _)| at).filter(|at| self.taken >> at & 1 != 0)
    }

    fn entries(&self) -> impl Iterator<Item = &Entry<K>> {
        self.marked(|_| true).map(|at| &self.entries[at])
    }

    fn position(&self, mark: u16, sequence: u64) -> Option<usize> {
        self.marked(|other| other == mark).find(|&at| self.entries[at].sequence == sequence)
    }

    /// There must be a vacant place.
    #[inline]
    fn push(&mut self, mark: u16, entry: Entry<K>) {
        let at = self.taken.trailing_ones() as usize;
        self.taken |= 1 << at;
        self.marks[at] = mark;
        self.entries[at] = entry;
    }

    #[inline]
    fn remove(&mut self, position: usize) -> Entry<K> {
        self.taken &= !(1 << position);
        self.marks[position] = u16::MAX;
        self.entries[position].clone()
    }
}

impl<K: Clone> Branch<K> {
    fn narrowest(&self) -> &[u32] {
        &self.narrowest[..self.len]
    }

    fn borders(&self) -> &[(K, u64)] {
        &self.borders[..self.len]
    }

    fn insert(&mut self, at: usize, narrowest: u32, child: u32, border: (K, u64)) {
        self.narrowest[self.len] = narrowest;
        self.narrowest[at..=self.len].rotate_right(1);
        self.children[self.len] = child;
        self.children[at..=self.len].rotate_right(1);
        self.borders[self.len] = border;
        self.borders[at..=self.len].rotate_right(1);
        self.len += 1;
    }

    /// Returns how narrow its narrowest job was.
    fn remove(&mut self, at: usize) -> u32 {
        self.narrowest[at..self.len].rotate_left(1);
        self.children[at..self.len].rotate_left(1);
        self.borders[at..self.len].rotate_left(1);
        self.len -= 1;
        self.narrowest[self.len]
    }
}

/// The jobs of a [`BPlusTree`], in order.
pub(super) struct Iter<'a, K> {
    tree: &'a BPlusTree<K>,
    /// The branches above the leaf that is being read, and which child that is in.
    path: Vec<Step>,
    /// Those of the leaf that are still to come, the last first.
    entries: Vec<&'a Entry<K>>,
}

impl<K: Ord + Clone> Iter<'_, K> {
    fn descend(&mut self, mut at: u32) {
        while self.path.len() < self.tree.height {
            self.path.push(Step { branch: at, child: 0 });
            at = self.tree.branch(at).children[0];
        }
        self.entries.extend(self.tree.leaf(at).entries());
        self.entries.sort_unstable_by(|one, other| other.cmp(one));
    }
}

impl<'a, K: Ord + Clone> Iterator for Iter<'a, K> {
    type Item = &'a Entry<K>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.entries.pop() {
                return Some(entry);
            }
            let step = self.path.last_mut()?;
            step.child += 1;
            let branch = self.tree.branch(step.branch);
            if step.child < branch.len {
                let child = branch.children[step.child];
                self.descend(child);
            } else {
                self.path.pop();
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "takes a part")]
fn mark_of<K>(searched: bool, entry: &Entry<K>) -> u16 {
    if searched {
        u16::try_from(entry.processors).unwrap_or(u16::MAX)
    } else {
        entry.sequence as u16
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

/// So many jobs are too many for a leaf, and so many children for a branch. Few in the tests of this
/// crate, so that their trees are high.
const LEAF: usize = if cfg!(test) { 4 } else { 60 };
/// All places of a leaf.
const ALL: u64 = (1 << LEAF) - 1;
const BRANCH: usize = if cfg!(test) { 4 } else { 64 };
