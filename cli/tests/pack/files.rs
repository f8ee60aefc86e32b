//! Files and standard output: whole or not at all.

use apportion_binpack::{Assignment, check_vectors};
use apportion_workload::PackingInstance;

use crate::common::Stage;
use crate::{entry, hash, triplets, vectors};

#[test]
fn the_picture_is_whole_and_changes_nothing_that_is_printed() {
    let stage = Stage::new();
    stage.write("a.txt", triplets());
    stage.write("b.vbp", vectors());
    for arguments in ["", "a.txt", "b.vbp a.txt --improve-steps 50"] {
        let plain = stage.run(&format!("pack {arguments} --json")).succeeded();
        let drawn = stage.run(&format!("pack {arguments} --json --svg x.svg")).succeeded();
        let timeless = |text: &str| {
            let lines = text.lines().filter(|line| !line.contains("\"ms\": "));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(timeless(&drawn), timeless(&plain), "{arguments}");
        let picture = stage.read("x.svg");
        assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"), "{arguments}");
        assert!(picture.contains("lower bound") && picture.len() < 150_000, "{arguments}");
        // Replaced, the same again.
        stage.run(&format!("pack {arguments} --svg x.svg")).succeeded();
        assert_eq!(stage.read("x.svg"), picture);
    }
    assert_eq!(stage.names(), ["a.txt", "b.vbp", "x.svg"]);
}

#[test]
fn the_bin_of_each_item_is_written() {
    let stage = Stage::new();
    stage.write("t", "5\n10\n3\n7\n11\n4\n6\n");
    stage.run("pack t --assignment out.csv").succeeded();
    assert_eq!(stage.read("out.csv"), "item,bin\n0,0\n1,0\n2,\n3,1\n4,1\n");
    stage.run("pack t --fit first --order as-given --assignment out.csv").succeeded();
    assert_eq!(stage.read("out.csv"), "item,bin\n0,0\n1,0\n2,\n3,1\n4,1\n");

    // The hash is that of the bins in the order in which the items came.
    stage.write("a.txt", triplets());
    let entry = entry(&stage, "a.txt --order as-given --improve-steps 40 --assignment out.csv");
    let csv = stage.read("out.csv");
    let bins = csv.lines().skip(1).filter_map(|line| line.split(',').nth(1)?.parse().ok());
    assert_eq!(entry["assignment_hash"], hash(&bins.collect::<Vec<u32>>()));
}

#[test]
fn what_is_written_is_a_packing() {
    let stage = Stage::new();
    for (name, text) in [("a.txt", triplets()), ("b.vbp", vectors())] {
        stage.write(name, &text);
        let read = PackingInstance::parse(&text).expect("an instance");
        let array = |amounts: &[u64]| {
            std::array::from_fn(|dimension| amounts.get(dimension).copied().unwrap_or(0))
        };
        let capacity: [u64; 4] = array(read.capacity());
        let sizes: Vec<[u64; 4]> = read.items().map(array).collect();
        for fit in ["next", "first", "best", "worst", "almost-worst"] {
            for more in ["", "--order as-given", "--order shuffle:3", "--improve-steps 500"] {
                let arguments = format!("pack {name} --fit {fit} {more} --assignment out.csv");
                stage.run(&arguments).succeeded();
                let csv = stage.read("out.csv");
                let bins = csv.lines().skip(1).map(|line| line.split(',').nth(1)?.parse().ok());
                let packing = Assignment::new(&bins.collect::<Vec<Option<u32>>>());
                assert_eq!(check_vectors(&capacity, &sizes, &packing), Ok(()), "{arguments}");
            }
        }
    }
}

#[test]
fn files_that_cannot_be_written() {
    let stage = Stage::new();
    stage.write("file", "");
    stage.write("t", "1\n10\n3\n");
    for (path, reason) in [
        ("missing/x", "No such file or directory"),
        ("file/x", "Not a directory"),
        (".", "Is a directory"),
        #[cfg(target_os = "linux")]
        ("/dev/full", "No space left on device"),
    ] {
        for option in ["--svg", "--assignment"] {
            stage
                .run(&format!("pack t {option} {path}"))
                .refused(&format!("{path}: cannot be written: {reason}"));
        }
    }
    stage
        .run("pack t --svg x --assignment x")
        .refused("--svg and --assignment: expected two files, found one");
    for option in ["--svg", "--assignment"] {
        stage
            .run(&format!("pack t {option} t"))
            .refused("expected another file to write than those to pack");
    }
    assert_eq!(stage.read("t"), "1\n10\n3\n");
    assert_eq!(stage.names(), ["file", "t"]);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let stage = Stage::new();
    for arguments in [["pack", "--svg", "x.svg"], ["pack", "--json", "--order=as-given"]] {
        stage.nobody_reads(&arguments, b"");
    }
    assert_eq!(stage.names(), ["x.svg"]);
}

#[test]
fn a_full_disk_under_standard_output_is_an_error() {
    Stage::new().disk_is_full(&["pack"]);
}
