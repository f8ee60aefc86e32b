//! Values of a specification and of options: CPUs, bytes, spans of time.

use std::fmt::{self, Display};
use std::net::Ipv4Addr;
use std::time::Duration;

use apportion_host::BitsPerSecond;
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::document::Number;

/// Parts of a CPU, in which the capacity is divided: one is a microsecond in each second.
pub(super) const CPU: u64 = 1_000_000;

/// An amount of CPU time per time: a number of CPUs, from a thousandth on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Amount(pub(super) u64);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AmountVisitor)
    }
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a number of CPUs from 0.001 to {MOST_CPUS}")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Amount, E> {
        match u64::try_from(number) {
            Ok(number @ 1..=MOST_CPUS) => Ok(Amount(number * CPU)),
            _ => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Amount, E> {
        // What is no number is in no range.
        if !(LEAST_CPUS..=8_192.0).contains(&number) {
            return Err(E::invalid_value(Unexpected::Float(number), &self));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between 1,000 and 2^33"
        )]
        let parts = (number * 1e6).round() as u64;
        Ok(Amount(parts))
    }
}

/// A weight, from 1 to 2^32 - 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Weight(pub(super) apportion_fairshare::Weight);

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let range = Number { least: 1, most: u32::MAX.into() };
        let weight = deserializer.deserialize_i64(range)?;
        apportion_fairshare::Weight::new(weight).map(Self).map_err(D::Error::custom)
    }
}

/// A weight where a disk is the bottleneck.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct IoWeight(pub(super) u16);

impl<'de> Deserialize<'de> for IoWeight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let weight = deserializer.deserialize_i64(Number { least: 1, most: 1_000 })?;
        u16::try_from(weight).map(Self).map_err(D::Error::custom)
    }
}

/// An amount of memory: bytes, or a text such as `1GiB`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Bytes(pub(super) u64);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BytesVisitor)
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an amount of memory from 64KiB to 1024TiB, such as \"1GiB\"")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Bytes, E> {
        let bytes = u64::try_from(number).ok().filter(|bytes| MEMORY.contains(bytes));
        bytes.map(Bytes).ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
        let found = bytes(text).filter(|bytes| MEMORY.contains(bytes));
        found.map(Bytes).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

fn bytes(text: &str) -> Option<u64> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = UNITS.iter().find(|known| known.0 == unit.trim_start())?.1;
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// A bandwidth, such as `20Mbit`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Bandwidth(pub(super) BitsPerSecond);

impl<'de> Deserialize<'de> for Bandwidth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a bandwidth from 1kbit to 1Tbit, such as \"20Mbit\"";
        deserializer.deserialize_any(Text { expected, read: |text| text.parse().ok().map(Self) })
    }
}

/// The first of the addresses of a network for private use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct PrivateNetwork(pub(super) Ipv4Addr);

impl<'de> Deserialize<'de> for PrivateNetwork {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "the first address of a private network, such as \"172.31.0.0\"";
        deserializer.deserialize_any(Text { expected, read: |text| text.parse().ok().map(Self) })
    }
}

/// What is written as a text.
struct Text<T> {
    expected: &'static str,
    read: fn(&str) -> Option<T>,
}

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// CPUs by number, as the kernel writes them: `0,2-3`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct CpuList(pub(crate) Vec<u32>);

impl CpuList {
    /// Numbers and ranges in any order, or nothing if that is not what it is.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut cpus = Vec::new();
        for item in text.split(',').map(str::trim) {
            let (first, last) = item.split_once('-').unwrap_or((item, item));
            let number = |text: &str| {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                text.parse::<u32>().ok().filter(|&cpu| digits && u64::from(cpu) < MOST_CPUS)
            };
            let (first, last) = (number(first.trim_end())?, number(last.trim_start())?);
            if first > last {
                return None;
            }
            cpus.extend(first..=last);
            // A long list of the same ranges is no reason to fill the memory.
            if cpus.len() as u64 > 2 * MOST_CPUS {
                tidy(&mut cpus);
            }
        }
        tidy(&mut cpus);
        Some(Self(cpus))
    }
}

fn tidy(cpus: &mut Vec<u32>) {
    cpus.sort_unstable();
    cpus.dedup();
}

impl Display for CpuList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.0.chunk_by(|a, b| a + 1 == *b);
        for (at, run) in runs.enumerate() {
            let comma = if at > 0 { "," } else { "" };
            match run {
                [first, .., last] => write!(f, "{comma}{first}-{last}")?,
                [only] => write!(f, "{comma}{only}")?,
                [] => {}
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for CpuList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(CpuListVisitor)
    }
}

struct CpuListVisitor;

impl Visitor<'_> for CpuListVisitor {
    type Value = CpuList;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("numbers of CPUs such as \"0,2-3\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<CpuList, E> {
        CpuList::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// `5s`, `250ms`, `2min` or `1h`: from a millisecond to a year, or nothing if that is not what it is.
pub(crate) fn span(text: &str) -> Option<Duration> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (number, unit) = text.split_at(end);
    let factor = SPANS.iter().find(|known| known.0 == unit.trim_start())?.1;
    let milliseconds = number.parse::<f64>().ok()? * factor;
    if !(1.0..=MOST_MILLISECONDS).contains(&milliseconds) {
        return None;
    }
    Duration::try_from_secs_f64(milliseconds / 1e3).ok()
}

pub(super) const MOST_CPUS: u64 = 8_192;
const LEAST_CPUS: f64 = 0.001;
/// The kernel keeps less for itself than the least; nobody has more than the most.
const MEMORY: std::ops::RangeInclusive<u64> = (64 << 10)..=(1 << 50);
const UNITS: [(&str, u64); 12] = [
    ("", 1),
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("PB", 1_000_000_000_000_000),
];
const SPANS: [(&str, f64); 5] = [("ms", 1.0), ("s", 1e3), ("min", 6e4), ("m", 6e4), ("h", 3.6e6)];
const MOST_MILLISECONDS: f64 = 366.0 * 86_400_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus() {
        let list = |text| CpuList::parse(text).map(|list| list.to_string());
        assert_eq!(list("0").as_deref(), Some("0"));
        assert_eq!(list("3, 0-1,2 , 5").as_deref(), Some("0-3,5"));
        assert_eq!(list("7,7,7-7").as_deref(), Some("7"));
        for text in ["", ",", "0,", "1-0", "-1", "a", "0-", "8192", "+1", "0--1", "4294967296"] {
            assert_eq!(list(text), None, "{text}");
        }
        assert_eq!(list("0-8191,".repeat(50).trim_end_matches(',')).as_deref(), Some("0-8191"));
    }

    #[test]
    fn spans_of_time() {
        assert_eq!(span("5s"), Some(Duration::from_secs(5)));
        assert_eq!(span("0.25 s"), span("250ms"));
        assert_eq!(span("1.5min"), Some(Duration::from_secs(90)));
        for text in
            ["", "5", "s", "0s", "-1s", "1e3s", "NaNs", "infs", "1.2.3s", "400000000s", "5 S"]
        {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_of_memory() {
        assert_eq!(bytes("1GiB"), Some(1 << 30));
        assert_eq!(bytes("65536"), Some(65_536));
        assert_eq!(bytes("2 MB"), Some(2_000_000));
        for text in
            ["GiB", "1.5GiB", "-1", "1gib", "99999999999999999999", "18446744073709551615TiB"]
        {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
