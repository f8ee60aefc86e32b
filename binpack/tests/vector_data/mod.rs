//! The shared vector instances, with what was published about them.

#![allow(dead_code, unused_macros, reason = "each test uses a part")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use apportion_binpack::VectorInstance;
use apportion_workload::{PackingErrorKind, PackingFormat, PackingInstance};

/// What is known of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) name: String,
    columns: Rc<Vec<String>>,
    cells: Vec<String>,
}

impl Published {
    /// A cell as a number; -1 stands for what is not known.
    pub(crate) fn number(&self, column: &str) -> i64 {
        let place = self.columns.iter().position(|name| name == column);
        self.cells[place.unwrap_or_else(|| panic!("no column {column}"))].parse().unwrap()
    }

    /// The bins that a heuristic opened.
    pub(crate) fn bins(&self, column: &str) -> usize {
        self.number(column).try_into().unwrap()
    }
}

/// An instance as it was read, and what is known of it.
pub(crate) type Entry = (PackingInstance, Published);

/// Archives of each set.
const SETS: [(&str, &str); 3] =
    [("New", "New_c1-4"), ("Triplet", "Triplet_Caprara"), ("Panigrahy", "Panigrahy_c1-6")];

/// The instances of a set that can be read; `None`, after the line `not run`, if there are none here.
pub(crate) fn entries(set: &str) -> Option<Vec<Entry>> {
    let folder = apportion_testbed::data(&format!("the vector instances of {set}"))?;
    let folder = folder.join("packing/vbp");
    let table = apportion_testbed::read(&folder.join(format!("{set}_known.tsv.xz"))).unwrap();
    let table = String::from_utf8(table).unwrap();
    let mut rows = table.lines().map(|line| line.split('\t').map(str::to_owned));
    let columns: Rc<Vec<String>> = Rc::new(rows.next().unwrap().collect());
    let known: BTreeMap<String, Vec<String>> =
        rows.map(Iterator::collect::<Vec<_>>).map(|cells| (cells[0].clone(), cells)).collect();
    let (_, archive) = SETS.iter().find(|(name, _)| *name == set).unwrap();
    let members = apportion_testbed::members(&folder.join(format!("{archive}.tar.xz"))).unwrap();
    let entry = |(path, text): (PathBuf, Vec<u8>)| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let instance = match PackingInstance::parse_as(PackingFormat::Vbp, &text) {
            Ok(instance) => instance,
            // Some triplets were made with negative sizes, which are none.
            Err(error) => {
                let negative = |found: &str| found.starts_with('-');
                let kind = &error.kind;
                let known =
                    matches!(kind, PackingErrorKind::NotANumber { found, .. } if negative(found));
                assert!(known, "{name}: {error}");
                return None;
            }
        };
        let columns = Rc::clone(&columns);
        let cells = known.get(&name).unwrap_or_else(|| panic!("nothing known of {name}")).clone();
        Some((instance, Published { name, columns, cells }))
    };
    Some(members.into_iter().filter_map(entry).collect())
}

/// The instance in `D` dimensions: nothing is needed of those that it has not.
pub(crate) fn typed<const D: usize>(read: &PackingInstance) -> VectorInstance<D> {
    assert!(read.dimensions() <= D, "{} dimensions", read.dimensions());
    let array = |amounts: &[u64]| {
        std::array::from_fn(|dimension| amounts.get(dimension).copied().unwrap_or(0))
    };
    VectorInstance::new(array(read.capacity()), read.items().map(array).collect()).unwrap()
}

/// Runs a block for each instance of a set. How many there are; `None` if they are not here. Of the
/// numbers of dimensions only two: more would take minutes to compile.
macro_rules! for_each_instance {
    ($set:expr, |$instance:ident, $published:ident| $body:block) => {
        $crate::vector_data::entries($set).map(|entries| {
            let count = entries.len();
            for (read, $published) in entries {
                if read.dimensions() <= 4 {
                    let $instance = $crate::vector_data::typed::<4>(&read);
                    $body
                } else {
                    let $instance = $crate::vector_data::typed::<10>(&read);
                    $body
                }
            }
            count
        })
    };
}
pub(crate) use for_each_instance;
