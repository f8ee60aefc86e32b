//! The shared traces: read, cleaned and counted.

use std::num::NonZeroU64;
use std::path::Path;

use apportion_workload::{CleaningReport, CleaningRules, Job, Reader, Trace, write};

fn text(folder: &Path, name: &str) -> Vec<u8> {
    let path = folder.join("backfill").join(format!("{name}.swf.gz"));
    apportion_testbed::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn filtered_traces_need_no_cleaning() {
    let Some(folder) = apportion_testbed::data("filtered_traces_need_no_cleaning") else {
        return;
    };
    for (name, processors, jobs) in [
        ("KTH-SP2", 100, 28_481),
        ("SDSC-SP2", 128, 54_006),
        ("CTC-SP2", 338, 77_199),
        ("LLNL-Atlas", 9216, 36_600),
        ("NASA-iPSC", 128, 18_066),
        ("UniLu-Gaia", 2004, 51_859),
        ("lublin_256", 256, 10_000),
    ] {
        let text = text(&folder, name);
        let strict = CleaningRules {
            cap_processors: false,
            clamp_runtime: false,
            skip_partial: false,
            strict: true,
        };
        let trace = Trace::read(Reader::from_text(&text), None, strict).unwrap();
        assert!(trace.report.is_clean(), "{name}: {:?}", trace.report);
        assert_eq!(trace.report.jobs, jobs, "{name}");
        assert_eq!(trace.header.max_jobs(), Some(jobs), "{name}");
        assert_eq!(trace.processors.get(), processors, "{name}");

        let chunks = text.chunks(4093).map(Ok::<_, std::convert::Infallible>);
        let again = Trace::read(Reader::new(chunks), None, CleaningRules::default()).unwrap();
        assert_eq!(again, trace, "{name}: cut into chunks");

        let mut written = String::new();
        write(&trace.header, trace.jobs.iter().map(Job::record), &mut written).unwrap();
        let rewritten = Trace::read(Reader::from_text(&written), None, strict).unwrap();
        assert_eq!(rewritten.jobs, trace.jobs, "{name}: written and read again");
    }
}

#[test]
fn wagap_has_more_fields_and_no_header() {
    let Some(folder) = apportion_testbed::data("wagap_has_more_fields_and_no_header") else {
        return;
    };
    let text = text(&folder, "wagap-2013");
    let unknown = Trace::read(Reader::from_text(&text), None, CleaningRules::default());
    assert_eq!(
        unknown.unwrap_err().to_string(),
        "line 1: expected a comment `; MaxProcs: N` with N > 0 before the first record"
    );
    let processors = NonZeroU64::new(512);
    let trace =
        Trace::read(Reader::from_text(&text), processors, CleaningRules::default()).unwrap();
    assert_eq!(
        trace.report,
        CleaningReport {
            records: 17_900,
            jobs: 17_898,
            dropped_runtime: 2,
            runtimes_clamped: 702,
            ..CleaningReport::default()
        }
    );
    assert_eq!((trace.jobs[0].id, trace.jobs[0].submit), (0, 1_356_996_147));
}
