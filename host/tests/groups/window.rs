//! What groups use in a window of time, compared with what they should.

use std::thread::sleep;
use std::time::{Duration, Instant};

use apportion_host::{GroupControl, GroupPath};

use super::text;

/// How long CPU time is compared; less in a guest, which takes longer for all else.
pub(crate) fn length() -> Duration {
    Duration::from_secs(if apportion_testbed::guest::is_inside() { 3 } else { 5 })
}

/// What was used in a window, in seconds.
pub(crate) struct Window {
    pub(crate) used: Vec<f64>,
    pub(crate) wall: f64,
}

#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
pub(crate) fn used_within(
    control: &dyn GroupControl,
    groups: &[GroupPath],
    window: Duration,
) -> Result<Window, String> {
    let began = Instant::now();
    let before = used(control, groups)?;
    sleep(window);
    let after = used(control, groups)?;
    let wall = began.elapsed().as_secs_f64();
    let used =
        after.iter().zip(before).map(|(after, before)| after.saturating_sub(before).as_secs_f64());
    Ok(Window { used: used.collect(), wall })
}

/// Waits until each group has used some time, so that those started last have begun, too, and the
/// kernel has noticed that none is on the CPU any more on which it began.
pub(crate) fn begun(control: &dyn GroupControl, groups: &[GroupPath]) -> Result<(), String> {
    for _ in 0..200 {
        if used(control, groups)?.iter().all(|used| *used >= Duration::from_millis(100)) {
            return Ok(());
        }
        sleep(Duration::from_millis(50));
    }
    Err("a busy process did not begin within 10 s".to_owned())
}

fn used(control: &dyn GroupControl, groups: &[GroupPath]) -> Result<Vec<Duration>, String> {
    groups.iter().map(|group| Ok(control.usage(group).map_err(text)?.cpu)).collect()
}

pub(crate) fn shares(window: &Window) -> Vec<f64> {
    let sum: f64 = window.used.iter().sum();
    window.used.iter().map(|used| used / sum).collect()
}

/// Compares what `measure` finds with what it wants. If that is further off than `within`, as on a
/// machine that is busy with other things, it measures twice more, and the medians count.
pub(crate) fn compare(
    what: &str,
    within: f64,
    mut measure: impl FnMut() -> Result<(Vec<f64>, Vec<f64>), String>,
) -> Result<(), String> {
    let mut runs: Vec<Vec<f64>> = Vec::new();
    for _ in 0..3 {
        let (found, wanted) = measure()?;
        // Not a number is not close.
        let off: Vec<f64> = found
            .iter()
            .zip(&wanted)
            .map(|(found, wanted)| (found - wanted).abs())
            .map(|off| if off.is_finite() { off } else { f64::INFINITY })
            .collect();
        let worst = off.iter().copied().fold(0.0, f64::max);
        println!(
            "measured: {what}: {} for {}, off by {:.2} percentage points at most",
            list(&found),
            list(&wanted),
            100.0 * worst
        );
        if runs.is_empty() && worst <= within {
            return Ok(());
        }
        runs.push(off);
    }
    let medians: Vec<f64> = (0..runs[0].len())
        .map(|index| {
            let mut off: Vec<f64> = runs.iter().map(|run| run[index]).collect();
            off.sort_by(f64::total_cmp);
            off[off.len() / 2]
        })
        .collect();
    if medians.iter().all(|median| *median <= within) {
        Ok(())
    } else {
        Err(format!(
            "{what}: off by {} in the median of three, not within {within}",
            list(&medians)
        ))
    }
}

fn list(values: &[f64]) -> String {
    values.iter().map(|value| format!("{value:.4}")).collect::<Vec<_>>().join(" ")
}
