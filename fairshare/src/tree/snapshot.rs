//! What is saved: the nodes. They are added again one by one, so that what cannot be added is refused.

use alloc::vec::Vec;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Node, Tree};

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename = "Tree")]
struct Snapshot {
    version: u32,
    nodes: Vec<Node>,
}

/// Of this form. Another one is refused.
const VERSION: u32 = 1;

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Snapshot { version: VERSION, nodes: self.nodes.clone() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Snapshot { version, nodes } = Snapshot::deserialize(deserializer)?;
        if version != VERSION {
            return Err(D::Error::custom("not a snapshot: its version is unknown"));
        }
        let mut tree = Self::new();
        for Node { parent, claim } in nodes {
            tree.add(parent, claim).map_err(D::Error::custom)?;
        }
        Ok(tree)
    }
}
