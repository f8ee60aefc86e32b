//! Bandwidths.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::Error;

/// A bandwidth in bits per second, from 1 kbit/s to 1 Tbit/s. As text it is a number with a unit,
/// such as `20Mbit` or `1.5Gbit/s`; the units are `bit`, `kbit`, `Mbit`, `Gbit`, `Tbit`, in powers
/// of 1,000.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BitsPerSecond(u64);

impl BitsPerSecond {
    /// A bandwidth of so many bits per second.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`].
    pub fn new(bits: u64) -> Result<Self, Error> {
        if (LEAST..=MOST).contains(&bits) {
            Ok(Self(bits))
        } else {
            Err(out_of_range("bandwidth", format!("{bits}bit"), BANDWIDTHS.to_owned()))
        }
    }

    /// The bits per second.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The kernel counts in whole bytes.
    pub(super) fn bytes(self) -> u64 {
        self.0 / 8
    }
}

impl FromStr for BitsPerSecond {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = || out_of_range("bandwidth", text.to_owned(), BANDWIDTHS.to_owned());
        let bits = text
            .strip_suffix("/s")
            .unwrap_or(text)
            .strip_suffix("bit")
            .and_then(scaled)
            .ok_or_else(refused)?;
        Self::new(bits).map_err(|_| refused())
    }
}

impl Display for BitsPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, prefix) =
            UNITS.into_iter().find(|(unit, _)| self.0.is_multiple_of(*unit)).unwrap_or((1, ""));
        write!(f, "{}{prefix}bit", self.0 / unit)
    }
}

/// A decimal number with a prefix, such as `1.5G`, as a whole number.
fn scaled(text: &str) -> Option<u64> {
    let (digits, unit) =
        UNITS.into_iter().find_map(|(unit, prefix)| Some((text.strip_suffix(prefix)?, unit)))?;
    let digits = digits.trim_end_matches(' ');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || fraction.len() > 12 {
        return None;
    }
    let parts = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let scaled = u128::from(unit) * fraction.parse::<u128>().ok()?;
    let fraction = scaled.is_multiple_of(parts).then_some(scaled / parts)?;
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    whole.checked_add(u64::try_from(fraction).ok()?)
}

pub(super) fn out_of_range(what: &'static str, value: String, expected: String) -> Error {
    Error::OutOfRange { what, value, expected }
}

pub(super) const LEAST: u64 = 1_000;
pub(super) const MOST: u64 = 1_000_000_000_000;
const BANDWIDTHS: &str = "1kbit to 1Tbit, such as 20Mbit";
/// Longest prefix first: the last one fits always.
const UNITS: [(u64, &str); 5] =
    [(1_000_000_000_000, "T"), (1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"), (1, "")];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bandwidths_are_read_and_written() {
        for (text, bits, written) in [
            ("20Mbit", 20_000_000, "20Mbit"),
            ("1.5Gbit/s", 1_500_000_000, "1500Mbit"),
            ("800 kbit", 800_000, "800kbit"),
            ("1001bit", 1_001, "1001bit"),
            ("1Tbit", MOST, "1Tbit"),
        ] {
            let bandwidth: BitsPerSecond = text.parse().unwrap();
            assert_eq!(bandwidth.bits(), bits);
            assert_eq!(bandwidth.to_string(), written);
        }
        for text in [
            "",
            "bit",
            "20",
            "20MB",
            "-1Mbit",
            "+1Mbit",
            "1e3kbit",
            ".5Mbit",
            "5.Mbit",
            "0Mbit",
            "999bit",
            "1.1Tbit",
            "1.5bit",
            "99999999999999999999Tbit",
            "2 0Mbit",
            "1.0000000000001Tbit",
        ] {
            let refusal = text.parse::<BitsPerSecond>().unwrap_err();
            assert!(matches!(&refusal, Error::OutOfRange { value, .. } if value == text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String, number: u64, unit in "[kMGT]?bit(/s)?") {
            let _ = text.parse::<BitsPerSecond>();
            let _ = format!("{number}{unit}").parse::<BitsPerSecond>();
        }
    }
}
