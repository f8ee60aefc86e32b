//! What is to be divided among whom.

use apportion_fairshare::{Claim, NodeId, Tree};

use super::document::{Document, Entry};
use crate::output::Error;

/// A capacity and claims on it, in the order of the document: groups before their members.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) capacity: u64,
    pub(super) tree: Tree,
    /// By the numbers of their nodes.
    pub(super) claims: Vec<Named>,
}

#[derive(Debug)]
pub(super) struct Named {
    /// With the names of the groups it is in: a/b.
    pub(super) path: String,
    pub(super) name: String,
    /// How many groups it is in.
    pub(super) depth: usize,
    pub(super) claim: Claim,
}

impl Spec {
    pub(super) fn parse(source: &str, text: &str) -> Result<Self, Error> {
        let Document { capacity, claims } = Document::parse(source, text)?;
        let mut spec = Self { capacity, tree: Tree::new(), claims: Vec::new() };
        // The last is the next.
        let mut left: Vec<(Option<NodeId>, Entry)> =
            claims.into_iter().rev().map(|entry| (None, entry)).collect();
        while let Some((parent, Entry { name, claim, children })) = left.pop() {
            let node = spec.tree.add(parent, claim);
            let node = node.map_err(|error| Error::input(source, error.to_string()))?;
            let above = parent.map(|parent| &spec.claims[parent.index()]);
            let (path, depth) = above.map_or_else(
                || (name.clone(), 0),
                |above| (format!("{}/{name}", above.path), above.depth + 1),
            );
            spec.claims.push(Named { path, name, depth, claim });
            left.extend(children.into_iter().rev().map(|entry| (Some(node), entry)));
        }
        Ok(spec)
    }

    /// More is reserved than there is: by whom.
    pub(super) fn overbooked(
        &self,
        source: &str,
        group: Option<usize>,
        [reserved, capacity]: [u128; 2],
        claims: &[usize],
    ) -> Error {
        let of =
            group.map_or_else(String::new, |group| format!(" of `{}`", self.claims[group].path));
        let mut names: Vec<String> = claims
            .iter()
            .take(MOST_NAMES)
            .map(|&at| format!("`{}`", self.claims[at].path))
            .collect();
        if claims.len() > MOST_NAMES {
            names.push(format!("{} others", claims.len() - MOST_NAMES));
        }
        let message = format!(
            "expected at most the {capacity}{of} to be reserved, found {reserved}: {}",
            names.join(", ")
        );
        Error::input(source, message)
    }
}

const MOST_NAMES: usize = 6;
