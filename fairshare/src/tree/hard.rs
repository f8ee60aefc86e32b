use alloc::vec::Vec;

use super::Node;
use super::families::Families;
use crate::divide::{ByWeight, Want};
use crate::fill::Filler;

/// The shares of the whole that come to hard nodes and to groups with such inside, by weights alone,
/// from the top down; 0 for others. Empty if nothing is hard.
pub(super) fn shares(nodes: &[Node], families: &Families, capacity: u64) -> Vec<u64> {
    if !nodes.iter().any(|node| node.claim.is_hard()) {
        return Vec::new();
    }
    // Itself, or somebody inside.
    let mut hard: Vec<bool> = nodes.iter().map(|node| node.claim.is_hard()).collect();
    for (number, node) in nodes.iter().enumerate().rev() {
        if let Some(parent) = node.parent {
            hard[parent.index()] |= hard[number];
        }
    }
    let mut shares = alloc::vec![0; nodes.len()];
    let mut filler = Filler::default();
    let (mut weights, mut units) = (Vec::new(), Vec::new());
    for group in families.groups() {
        let children = families.children(group);
        if !children.iter().any(|&child| hard[child as usize]) {
            continue;
        }
        let whole = group.map_or(capacity, |group| {
            let claim = &nodes[group].claim;
            if claim.is_hard() {
                Want::hard(claim, shares[group]).most.min(capacity)
            } else {
                shares[group].min(claim.limit())
            }
        });
        weights.clear();
        weights.extend(children.iter().map(|&child| ByWeight::of(&nodes[child as usize].claim)));
        filler.fill(whole, &weights, &mut units);
        for (&child, &units) in children.iter().zip(&units) {
            if hard[child as usize] {
                shares[child as usize] = units;
            }
        }
    }
    shares
}
