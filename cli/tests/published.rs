//! The numbers verified against published results, to every digit, through `--json`.

use std::process::Command;

use serde_json::Value;

/// Policy, average wait, average bounded slowdown, maximal wait, makespan, utilisation.
type Row = (&'static str, &'static str, &'static str, u64, u64, &'static str);

fn holds(trace: &str, table: &[Row]) {
    let Some(folder) = apportion_testbed::data(&format!("published numbers of {trace}")) else {
        return;
    };
    let path = folder.join("backfill").join(format!("{trace}.swf.gz"));
    let output = Command::new(env!("CARGO_BIN_EXE_apportion"))
        .args(["replay", "--json"])
        .arg(path)
        .args(table.iter().flat_map(|row| ["--policy", row.0]))
        .output()
        .expect("the program can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(found.len(), table.len());
    for (found, &(policy, wait, slowdown, longest, makespan, utilisation)) in
        found.iter().zip(table)
    {
        let digits = |key: &str, digits| {
            let number = found[key].as_f64().expect("a number");
            format!("{number:.digits$}")
        };
        assert_eq!(found["policy"], policy);
        assert_eq!(digits("avg_wait_s", 3), wait, "{trace} {policy}");
        assert_eq!(digits("avg_bounded_slowdown", 6), slowdown, "{trace} {policy}");
        assert_eq!(found["max_wait_s"], longest, "{trace} {policy}");
        assert_eq!(found["makespan_s"], makespan, "{trace} {policy}");
        assert_eq!(digits("utilization", 6), utilisation, "{trace} {policy}");
    }
}

#[rustfmt::skip]
#[test]
fn kth_sp2() {
    holds("KTH-SP2", &[
        ("fcfs", "353776.409", "6814.973310", 946_685, 29_379_608, "0.685240"),
        ("easy", "6836.872", "92.576540", 262_194, 29_363_626, "0.685613"),
        ("conservative", "7310.551", "88.997275", 249_058, 29_363_626, "0.685613"),
        ("easy-sjbf", "5904.077", "69.405401", 284_815, 29_363_626, "0.685613"),
        ("easy++", "6235.854", "63.500677", 528_201, 29_363_626, "0.685613"),
        ("easy++-request", "5653.761", "62.856883", 525_762, 29_363_626, "0.685613"),
        ("easy-clairvoyant", "6327.682", "71.722385", 258_803, 29_363_626, "0.685613"),
        ("easy-sjbf-clairvoyant", "5436.021", "49.847719", 275_239, 29_363_626, "0.685613"),
    ]);
}

#[rustfmt::skip]
#[test]
fn sdsc_sp2() {
    holds("SDSC-SP2", &[
        ("fcfs", "1535568.622", "13823.533882", 5_481_706, 68_579_444, "0.758285"),
        ("easy", "20497.761", "87.870324", 459_740, 63_192_188, "0.822930"),
        ("conservative", "21889.302", "89.656291", 692_773, 63_200_818, "0.822818"),
        ("easy-sjbf", "20793.595", "84.888945", 519_155, 63_189_634, "0.822963"),
        ("easy++", "25505.534", "79.396282", 759_287, 63_206_313, "0.822746"),
        ("easy++-request", "18436.009", "65.063601", 1_023_284, 63_204_265, "0.822773"),
        ("easy-clairvoyant", "17337.106", "70.477942", 456_876, 63_189_634, "0.822963"),
        ("easy-sjbf-clairvoyant", "16307.078", "56.836221", 441_651, 63_189_634, "0.822963"),
    ]);
}

#[rustfmt::skip]
#[test]
fn ctc_sp2() {
    holds("CTC-SP2", &[
        ("fcfs", "655557.119", "3651.566169", 1_730_720, 30_725_461, "0.797227"),
        ("easy", "14272.595", "49.571290", 303_954, 29_306_682, "0.835822"),
        ("conservative", "16753.122", "53.110473", 347_906, 29_306_682, "0.835822"),
        ("easy-sjbf", "11768.966", "30.041070", 364_002, 29_306_682, "0.835822"),
        ("easy++", "38845.702", "85.767172", 1_829_786, 29_646_754, "0.826235"),
        ("easy++-request", "11199.739", "26.533786", 1_512_553, 29_352_348, "0.834522"),
        ("easy-clairvoyant", "13581.716", "37.165401", 250_827, 29_306_682, "0.835822"),
        ("easy-sjbf-clairvoyant", "10004.961", "17.571687", 309_810, 29_306_682, "0.835822"),
    ]);
}

#[rustfmt::skip]
#[test]
fn lublin_256() {
    holds("lublin_256", &[
        ("fcfs", "2388443.760", "66502.475529", 4_759_976, 12_482_549, "0.654908"),
        ("easy", "97155.995", "590.053777", 1_029_731, 8_730_698, "0.936343"),
        ("conservative", "131567.509", "489.201322", 994_667, 8_729_497, "0.936472"),
        ("easy-sjbf", "73394.375", "219.557621", 1_445_853, 9_106_839, "0.897669"),
    ]);
}
