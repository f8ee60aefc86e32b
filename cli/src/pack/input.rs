//! What the options say, and where instances come from.

use std::path::{Path, PathBuf};
use std::time::Duration;

use apportion_binpack::{Fit, Order};
use apportion_workload::{PackingFormat, PackingInstance};

use super::recipe::Budget;
use super::{MOST_DIMENSIONS, Source, embedded};
use crate::option::{number, refusal};
use crate::output::{self, Error};
use crate::source;

pub(super) fn fit(text: &str) -> Result<Fit, Error> {
    Fit::ALL.into_iter().find(|fit| fit.to_string() == text).ok_or_else(|| {
        let names = Fit::ALL.map(|fit| fit.to_string()).join(", ");
        refusal("--fit", &format!("one of {names}"), &format!("`{text}`"))
    })
}

pub(super) fn order(text: &str) -> Result<Order, Error> {
    if let Some(seed) = text.strip_prefix("shuffle:") {
        return number("--order shuffle", seed, 0..=u64::MAX).map(Order::Shuffled);
    }
    let plain = [Order::AsGiven, Order::Decreasing];
    plain.into_iter().find(|order| order.to_string() == text).ok_or_else(|| {
        refusal("--order", "one of as-given, decreasing, shuffle:SEED", &format!("`{text}`"))
    })
}

pub(super) fn budget(time: Option<&str>, steps: Option<&str>) -> Result<Budget, Error> {
    match (time, steps) {
        (None, None) => Ok(Budget::None),
        (Some(time), None) => {
            let milliseconds = number("--improve", time, 0..=MOST_MILLISECONDS)?;
            Ok(Budget::Time(Duration::from_millis(milliseconds)))
        }
        (None, Some(steps)) => number("--improve-steps", steps, 0..=u64::MAX).map(Budget::Steps),
        (Some(_), Some(_)) => Err(refusal("--improve and --improve-steps", "one of them", "both")),
    }
}

/// Reads all of `paths` (`-`: standard input), or makes the embedded instances.
pub(super) fn load(paths: &[PathBuf]) -> Result<Vec<Source>, Error> {
    if paths.is_empty() {
        return embedded::sources();
    }
    if paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Error::Usage("expected standard input once, found `-` again".into()));
    }
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Result<Source, Error> {
    let (name, mut stream) = source::open(path, INSTANCE)?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text).map_err(|error| {
        if text.is_empty() {
            return source::unreadable(&name, INSTANCE, &error);
        }
        let message = format!("expected more of the instance: {}", output::reason(&error));
        Error::input(&name, message)
    })?;
    let vectors = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("vbp"));
    let format = if vectors { PackingFormat::Vbp } else { PackingFormat::detect(&text) };
    let instance = PackingInstance::parse_as(format, &text)
        .map_err(|error| Error::input(&name, error.to_string()))?;
    let found = instance.dimensions();
    if found > MOST_DIMENSIONS {
        let line = first_line(&text);
        let message =
            format!("line {line}: expected at most {MOST_DIMENSIONS} dimensions, found {found}");
        return Err(Error::input(&name, message));
    }
    Ok(Source { file: path.display().to_string(), name, instance })
}

/// The first line that is not blank: it says how many dimensions there are.
fn first_line(text: &[u8]) -> usize {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let lines = text.split(|byte| *byte == b'\n');
    lines.take_while(|line| line.trim_ascii().is_empty()).count() + 1
}

const INSTANCE: &str = "a packing instance";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// A year.
const MOST_MILLISECONDS: u64 = 31_536_000_000;
