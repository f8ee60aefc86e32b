//! The picture and standard output: whole or not at all.

use crate::common::Stage;

#[test]
fn the_picture_is_whole_and_small() {
    let stage = Stage::new();
    for (arguments, most) in [
        ("", 120_000),
        ("--quanta 3000000", 500_000),
        ("--weights 1x100000 --quanta 5000", 1_000_000),
        ("--weights 1,2,3,4,5,6,7,8,9,10,11,12 --quanta 100000", 1_400_000),
    ] {
        stage.run(&format!("share {arguments} --svg x.svg")).succeeded();
        let picture = stage.read("x.svg");
        assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"), "{arguments}");
        assert!(picture.len() < most, "{arguments}: {}", picture.len());
        // Replaced, the same again.
        stage.run(&format!("share {arguments} --svg x.svg")).succeeded();
        assert_eq!(stage.read("x.svg"), picture);
    }
    assert_eq!(stage.names(), ["x.svg"]);
}

#[test]
fn the_picture_does_not_change_what_is_printed() {
    let stage = Stage::new();
    for arguments in ["share", "share --json", "share --policy eevdf --quanta 900 --json"] {
        let text = stage.run(arguments).succeeded();
        assert_eq!(stage.run(&format!("{arguments} --svg x.svg")).succeeded(), text);
    }
}

#[test]
fn pictures_that_cannot_be_written() {
    let stage = Stage::new();
    stage.write("file", "");
    for (path, reason) in [
        ("missing/x.svg", "No such file or directory"),
        ("file/x.svg", "Not a directory"),
        (".", "Is a directory"),
        #[cfg(target_os = "linux")]
        ("/dev/full", "No space left on device"),
    ] {
        for json in ["", "--json"] {
            stage
                .run(&format!("share {json} --svg {path}"))
                .refused(&format!("{path}: cannot be written: {reason}"));
        }
    }
    stage
        .run("share --json --svg /dev/stdout")
        .refused("--json and --svg: expected one of them on standard output, found both");
    assert_eq!(stage.names(), ["file"]);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let stage = Stage::new();
    for arguments in [
        ["share", "--svg", "x.svg", "--quanta", "50"],
        // Far more than a pipe holds.
        ["share", "--json", "--quanta", "1000000000000", "--policy=wfq"],
    ] {
        stage.nobody_reads(&arguments[..], b"");
    }
    assert_eq!(stage.names(), ["x.svg"]);
}

#[test]
fn a_full_disk_under_standard_output_is_an_error() {
    let stage = Stage::new();
    for arguments in [&["share"][..], &["share", "--json"]] {
        stage.disk_is_full(arguments);
    }
}
