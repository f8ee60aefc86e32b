//! Every file of golden start times, reproduced by the program.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let Some(data) = apportion_testbed::data("golden start times") else {
        return ExitCode::SUCCESS;
    };
    let folder = data.join("backfill");
    let trials = goldens(&folder.join("golden"))
        .into_iter()
        .map(|golden| {
            let (name, folder) = (golden.name.clone(), folder.clone());
            Trial::test(name, move || reproduce(&golden, &folder))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A file of golden start times and what it was made with.
struct Golden {
    name: String,
    path: PathBuf,
    trace: String,
    policy: &'static str,
    ties: &'static str,
}

/// `TRACE.POLICY.TIES.csv.gz`, or `TRACE.PUBLISHED.csv.gz` for what others published.
fn goldens(folder: &Path) -> Vec<Golden> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder of golden results can be listed")
        .map(|entry| entry.expect("an entry can be read").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no golden results in {}", folder.display());
    paths
        .into_iter()
        .map(|path| {
            let file = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            let name = file.strip_suffix(".csv.gz").unwrap_or(file).to_owned();
            let parts: Vec<&str> = name.split('.').collect();
            let (policy, ties) = match parts[1..] {
                [policy, ties] => (policy, ties),
                ["predictsim_published_easy"] => ("easy", "event"),
                ["predictsim_published_easy_clair"] => ("easyclair", "event"),
                ["predictsim_published_epp_clair"] => ("sjbfclair", "event"),
                ["predictsim_published_epp_tsafrir"] => ("epp", "event"),
                ["accasim_fifo"] => ("fcfs", "event"),
                _ => panic!("a golden result of unknown make: {name}"),
            };
            let policy = match policy {
                "fcfs" => "fcfs",
                "easy" => "easy",
                "sjbf" => "easy-sjbf",
                "epp" => "easy++",
                "eppr" => "easy++-request",
                "easyclair" => "easy-clairvoyant",
                "sjbfclair" => "easy-sjbf-clairvoyant",
                "cons" => "conservative",
                _ => panic!("a golden result of an unknown policy: {name}"),
            };
            let ties = match ties {
                "event" => "event",
                "ff" => "finish-first",
                "batch" => "batch",
                _ => panic!("a golden result of an unknown convention: {name}"),
            };
            let trace = format!("{}.swf.gz", parts[0]);
            Golden { name, path, trace, policy, ties }
        })
        .collect()
}

fn reproduce(golden: &Golden, folder: &Path) -> Result<(), Failed> {
    let out = tempfile::tempdir()?;
    let starts = out.path().join("starts.csv");
    let status = Command::new(env!("CARGO_BIN_EXE_apportion"))
        .arg("replay")
        .arg(folder.join(&golden.trace))
        .args(["--policy", golden.policy, "--ties", golden.ties, "--json", "--starts"])
        .arg(&starts)
        .stdout(std::process::Stdio::null())
        .status()?;
    if !status.success() {
        return Err(format!("the program ended with {status}").into());
    }
    let expected = String::from_utf8(apportion_testbed::read(&golden.path)?)?;
    let found = fs::read_to_string(&starts)?;
    if expected == found {
        return Ok(());
    }
    let (expected, found): (Vec<&str>, Vec<&str>) =
        (expected.lines().collect(), found.lines().collect());
    let mut differing = expected.iter().zip(&found).filter(|(expected, found)| expected != found);
    let first = differing.next();
    let count = differing.count() + usize::from(first.is_some());
    Err(format!(
        "{count} of {} lines differ ({} found), the first: {first:?}",
        expected.len(),
        found.len()
    )
    .into())
}
