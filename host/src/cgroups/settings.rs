//! What a group is told, as the kernel wants it.
//!
//! *Sources*: the kernel's `scheduler/sched-bwc.rst`, `admin-guide/cgroup-v2.rst`,
//! `admin-guide/cgroup-v1/memory.rst`, `block/bfq-iosched.rst`.

use std::path::Path;
use std::time::Duration;

use rustix::param::page_size;

use crate::hierarchy::{Controller, Version};
use crate::{CpuLimit, Error, files};

/// Limits CPU time; microseconds count, what is below them is cut off.
pub(crate) fn limit_cpu(
    version: Version,
    folder: &Path,
    limit: Option<&CpuLimit>,
) -> Result<(), Error> {
    if let Some(limit) = limit {
        check(limit)?;
    }
    let change = match version {
        Version::V1 => limit_v1,
        Version::V2 => limit_v2,
    };
    change(folder, limit)
}

fn check(limit: &CpuLimit) -> Result<(), Error> {
    let CpuLimit { quota, period, burst } = *limit;
    let range = Duration::from_millis(1)..=Duration::from_secs(1);
    let wrong = |what, value: Duration, expected: &str| {
        Err(Error::OutOfRange { what, value: format!("{value:?}"), expected: expected.to_owned() })
    };
    if !range.contains(&period) {
        return wrong("period", period, "1 ms to 1 s");
    }
    // The kernel's bound, 2^44 us less one, for quota and burst together.
    let most = Duration::from_micros((1 << 43) - 1);
    if quota < *range.start() || quota > most {
        return wrong("quota", quota, "at least 1 ms, below 2^43 us");
    }
    if burst > quota {
        return wrong("burst", burst, "at most the quota");
    }
    Ok(())
}

/// Three files that have to make sense at every moment: a burst within the quota, a ratio within
/// that of the group outside. So the limit is lifted for the moment of the change.
fn limit_v1(folder: &Path, limit: Option<&CpuLimit>) -> Result<(), Error> {
    let [quota, period, burst] =
        ["cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.cfs_burst_us"].map(|name| folder.join(name));
    let before = [&quota, &period].map(|path| files::read(path));
    let [quota_before, period_before] = [before[0].clone()?, before[1].clone()?];
    // Kernels before 5.14 have no burst.
    let burst_before = files::read(&burst).ok();
    let write = |values: [&str; 3]| {
        if burst_before.is_some() {
            put(&burst, "0")?;
        }
        put(&quota, "-1")?;
        put(&period, values[1])?;
        put(&quota, values[0])?;
        if burst_before.is_some() || values[2] != "0" { put(&burst, values[2]) } else { Ok(()) }
    };
    let micros = |duration: Duration| duration.as_micros().to_string();
    let written = match limit {
        Some(limit) => write([&micros(limit.quota), &micros(limit.period), &micros(limit.burst)]),
        None => write(["-1", period_before.trim_end(), "0"]),
    };
    if written.is_err() {
        let burst = burst_before.as_deref().unwrap_or("0");
        // Back to what was: if that fails too, the first error says it all.
        let _ = write([quota_before.trim_end(), period_before.trim_end(), burst.trim_end()]);
    }
    written
}

fn limit_v2(folder: &Path, limit: Option<&CpuLimit>) -> Result<(), Error> {
    let [max, burst] = ["cpu.max", "cpu.max.burst"].map(|name| folder.join(name));
    let max_before = files::read(&max)?;
    let burst_before = files::read(&burst).ok();
    let write = |max_text: &str, burst_text: &str| {
        if burst_before.is_some() {
            put(&burst, "0")?;
        }
        put(&max, max_text)?;
        if burst_before.is_some() || burst_text != "0" { put(&burst, burst_text) } else { Ok(()) }
    };
    let written = if let Some(CpuLimit { quota, period, burst }) = limit {
        let max = format!("{} {}", quota.as_micros(), period.as_micros());
        write(&max, &burst.as_micros().to_string())
    } else {
        let period = max_before.split_ascii_whitespace().nth(1).unwrap_or("100000");
        write(&format!("max {period}"), "0")
    };
    if written.is_err() {
        let burst = burst_before.as_deref().unwrap_or("0");
        // Back to what was: if that fails too, the first error says it all.
        let _ = write(max_before.trim_end(), burst.trim_end());
    }
    written
}

fn put(path: &Path, text: &str) -> Result<(), Error> {
    files::put(path, text, |found| found == text).map(drop)
}

/// Limits memory. The kernel counts pages, and cuts off what is below one.
pub(crate) fn limit_memory(
    version: Version,
    folder: &Path,
    limit: Option<u64>,
) -> Result<(), Error> {
    let page = u64::try_from(page_size()).unwrap_or(4_096).max(1);
    if let Some(bytes) = limit.filter(|&bytes| bytes < page) {
        return Err(Error::OutOfRange {
            what: "memory",
            value: bytes.to_string(),
            expected: format!("at least a page of {page} bytes"),
        });
    }
    let (name, none) = match version {
        Version::V1 => ("memory.limit_in_bytes", "-1"),
        Version::V2 => ("memory.max", "max"),
    };
    let path = folder.join(name);
    let before = files::read(&path)?;
    let text = limit.map_or_else(|| none.to_owned(), |bytes| bytes.to_string());
    let put = files::put(&path, &text, |found| {
        // No limit is, in version 1, the most that the kernel can count.
        let found = found.parse::<u64>().unwrap_or(u64::MAX);
        let most = u64::try_from(i64::MAX).unwrap_or(u64::MAX) / page * page;
        found.min(most) == limit.map_or(most, |bytes| (bytes / page * page).min(most))
    });
    if matches!(put, Err(Error::NotApplied { .. })) {
        // Back to what was: if that fails too, the first error says it all.
        let _ = files::write(&path, before.trim_end());
    }
    put.map(drop)
}

/// Weighs a group where a block device is the bottleneck.
pub(crate) fn weigh_io(version: Version, folder: &Path, weight: u16) -> Result<(), Error> {
    if !(1..=1_000).contains(&weight) {
        return Err(Error::OutOfRange {
            what: "weight for block devices",
            value: weight.to_string(),
            expected: "1 to 1000".to_owned(),
        });
    }
    let names = io_files(version);
    let Some(path) = names.map(|name| folder.join(name)).into_iter().find(|path| path.exists())
    else {
        return Err(Controller::Io
            .unavailable(
                format!("no file {} or {} in {}", names[0], names[1], folder.display()),
                "as root: `modprobe bfq`, and `echo bfq > /sys/block/DEVICE/queue/scheduler` for \
                 the device that counts"
                    .to_owned(),
            )
            .into());
    };
    let text = weight.to_string();
    // Version 2 says `default 100`, and goes on with devices.
    let same = |found: &str| {
        found.lines().next().and_then(|line| line.split_ascii_whitespace().last()) == Some(&text)
    };
    files::put(&path, &text, same).map(drop)
}

/// Where a weight for block devices goes, the scheduler's own file first.
pub(crate) fn io_files(version: Version) -> [&'static str; 2] {
    match version {
        Version::V1 => ["blkio.bfq.weight", "blkio.weight"],
        Version::V2 => ["io.bfq.weight", "io.weight"],
    }
}
