//! Published and golden packings, through the program.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::common::Stage;
use crate::entries;

/// The columns of a table by name, for each line.
fn table(text: &str, separator: char) -> Vec<BTreeMap<String, String>> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(separator).collect();
    let row = |line: &str| {
        let cells = header.iter().zip(line.split(separator));
        cells.map(|(name, cell)| ((*name).to_owned(), cell.to_owned())).collect()
    };
    lines.map(row).collect()
}

fn text(path: &Path) -> String {
    String::from_utf8(apportion_testbed::read(path).expect("it is there")).expect("it is text")
}

/// Some files of an archive, evenly spread, by name.
fn some(archive: &Path, most: usize) -> Vec<(String, Vec<u8>)> {
    let members = apportion_testbed::members(archive).expect("an archive");
    let step = members.len().div_ceil(most);
    let name = |path: &Path| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    let named = members.into_iter().step_by(step);
    named.map(|(path, content)| (name(&path).expect("a name"), content)).collect()
}

/// What comes out for each of the files.
fn packed(stage: &Stage, arguments: &str, files: &[String]) -> Vec<Value> {
    entries(&stage.run(&format!("pack --json {arguments} {}", files.join(" "))).succeeded())
}

/// Bins and assignments of the rules: four instances of each set.
#[test]
fn golden_packings() {
    let Some(data) = apportion_testbed::data("golden packings") else { return };
    let folder = data.join("packing/bpp1d");
    let golden = table(&text(&folder.join("golden.csv")), ',');
    let golden: BTreeMap<&str, _> = golden.iter().map(|row| (row["name"].as_str(), row)).collect();
    let sets = ["AI", "ANI", "Falkenauer_T", "Falkenauer_U", "GI", "Hard28"].into_iter();
    let more = ["Randomly_Generated", "Scholl_1", "Scholl_2", "Scholl_3", "Schwerin_1", "Waescher"];
    let stage = Stage::new();
    let mut files = Vec::new();
    for set in sets.chain(more) {
        for (name, content) in some(&folder.join(format!("{set}.tar.xz")), 4) {
            stage.write(&name, content);
            files.push(name);
        }
    }
    assert!(files.len() > 40);
    for (fit, [decreasing, shuffled], hashes) in [
        ("next", ["NFD", "shuf1_NF"], None),
        ("first", ["FFD", "shuf1_FF"], Some(["hFFD", "shuf1_hFF"])),
        ("best", ["BFD", "shuf1_BF"], Some(["hBFD", "shuf1_hBF"])),
        ("worst", ["WFD", "shuf1_WF"], Some(["hWFD", "shuf1_hWF"])),
        ("almost-worst", ["AWFD", "shuf1_AWF"], None),
    ] {
        for (variant, (order, bins)) in
            [("decreasing", decreasing), ("shuffle:1", shuffled)].into_iter().enumerate()
        {
            let found = packed(&stage, &format!("--fit {fit} --order {order}"), &files);
            for (file, entry) in files.iter().zip(&found) {
                let row = golden[file.as_str()];
                assert_eq!(entry["bins"].to_string(), row[bins], "{file}: {fit}, {order}");
                assert_eq!(entry["lower_bound"].to_string(), row["L2"], "{file}");
                assert_eq!(entry["items"].to_string(), row["n"], "{file}");
                if let Some(hashes) = hashes {
                    let expected = row[hashes[variant]].as_str();
                    assert_eq!(entry["assignment_hash"], expected, "{file}: {fit}, {order}");
                }
            }
        }
    }
}

/// Published bins of vectors by first and best fit decreasing, where no two different items are
/// equally large.
#[test]
fn published_packings_of_vectors() {
    let Some(data) = apportion_testbed::data("published packings of vectors") else { return };
    let folder = data.join("packing/vbp");
    let published = table(&text(&folder.join("New_known.tsv.xz")), '\t');
    let published: BTreeMap<&str, _> =
        published.iter().map(|row| (row["instance"].as_str(), row)).collect();
    let stage = Stage::new();
    let mut files = Vec::new();
    for (name, content) in some(&folder.join("New_c1-4.tar.xz"), usize::MAX) {
        let content = String::from_utf8(content).expect("it is text");
        if has_no_ties(&content) {
            stage.write(&format!("{name}.vbp"), content);
            files.push(format!("{name}.vbp"));
        }
    }
    assert!(files.len() >= 12, "{}", files.len());
    for (fit, column) in [("first", "FFD-L1-Unit"), ("best", "BFD-T1-L1-Unit")] {
        let found = packed(&stage, &format!("--fit {fit}"), &files);
        for (file, entry) in files.iter().zip(&found) {
            let row = published[file.trim_end_matches(".vbp")];
            assert_eq!(entry["bins"].to_string(), row[column], "{file}: {column}");
        }
    }
}

/// Whether no two different items have the same sum of sizes, normalised by the capacity.
fn has_no_ties(content: &str) -> bool {
    let mut lines = content.lines().map(|line| {
        line.split_whitespace().map(|word| word.parse().expect("a number")).collect::<Vec<u128>>()
    });
    let capacity = lines.nth(1).expect("the capacity");
    let product: u128 = capacity.iter().product();
    let mut keys: Vec<(u128, Vec<u128>)> = lines
        .skip(1)
        .filter(|item| !item.is_empty())
        .map(|item| {
            let parts = item.iter().zip(&capacity);
            (parts.map(|(size, most)| size * (product / most)).sum(), item)
        })
        .collect();
    keys.sort();
    keys.windows(2).all(|pair| pair[0].0 != pair[1].0 || pair[0].1 == pair[1].1)
}
