//! Ticks: times and quanta at round steps, amounts at round counts, and how they are written.

use super::draw::{LEFT, PLOT_WIDTH, WIDTH, scale, text_width};

/// The horizontal axis of a plot: from `from` to `to`, labelled relative to `origin`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Axis {
    pub(crate) unit: Unit,
    pub(crate) origin: u64,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// What an axis counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unit {
    Seconds,
    Milliseconds,
    Quanta,
}

impl Unit {
    fn steps(self) -> Box<dyn Iterator<Item = u64>> {
        match self {
            Self::Seconds => Box::new(seconds()),
            Self::Milliseconds => {
                let short = decades(1, &[1, 2, 5]).take_while(|step| *step < 1_000);
                Box::new(short.chain(seconds().map(|step| step.saturating_mul(1_000))))
            }
            Self::Quanta => Box::new(decades(1, &[1, 2, 5]).chain([u64::MAX])),
        }
    }

    fn label(self, amount: u64) -> String {
        match self {
            Self::Seconds => duration(amount),
            Self::Milliseconds if amount.is_multiple_of(1_000) => duration(amount / 1_000),
            Self::Milliseconds => {
                let text = format!("{}.{:03}", amount / 1_000, amount % 1_000);
                format!("{} s", text.trim_end_matches('0'))
            }
            Self::Quanta => compact(amount),
        }
    }
}

/// A tick of an axis: where, and what is written below it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) x: f64,
    pub(crate) label: String,
}

impl Axis {
    /// Where `time` lies; the edge of the plot if it lies outside.
    pub(crate) fn x(&self, time: u64) -> f64 {
        let elapsed = time.clamp(self.from, self.to) - self.from;
        LEFT + scale(u128::from(elapsed), u128::from(self.to - self.from), PLOT_WIDTH)
    }

    /// Ticks at the smallest round step whose labels keep clear of each other.
    pub(crate) fn ticks(&self, font: f64) -> Vec<Tick> {
        let (first, last) = (self.from - self.origin, self.to - self.origin);
        let ticks = self.unit.steps().find_map(|step| {
            let times = multiples(first, last, step)?;
            let labels: Vec<_> = times.iter().map(|&time| self.unit.label(time)).collect();
            let widest = labels.iter().map(|label| text_width(label, font)).fold(0.0, f64::max);
            let apart = scale(u128::from(step), u128::from(last - first), PLOT_WIDTH);
            let clear = labels.len() < 2 || widest + LABEL_GAP <= apart;
            clear.then(|| times.into_iter().zip(labels).collect::<Vec<_>>())
        });
        let tick = |(time, label)| Tick { x: self.x(self.origin + time), label };
        ticks.unwrap_or_default().into_iter().map(tick).collect()
    }
}

/// Where the middle of a text `width` wide must lie so that it stays inside the picture.
pub(crate) fn inside(x: f64, width: f64) -> f64 {
    let half = width / 2.0 + 4.0;
    x.min(f64::from(WIDTH) - half).max(half)
}

/// `seconds` in days, hours, minutes and seconds, without the parts that are 0.
pub(crate) fn duration(seconds: u64) -> String {
    let parts = [
        (seconds / DAY, "d"),
        (seconds % DAY / HOUR, "h"),
        (seconds % HOUR / MINUTE, "min"),
        (seconds % MINUTE, "s"),
    ];
    let written: Vec<_> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{} {unit}", compact(*count)))
        .collect();
    if written.is_empty() { "0".to_owned() } else { written.join(" ") }
}

/// `count`, with two digits and a power of ten if it has more than seven digits.
pub(crate) fn compact(count: u64) -> String {
    if count < 10_000_000 {
        return count.to_string();
    }
    let exponent = count.ilog10();
    let digits = count / 10_u64.pow(exponent - 1);
    format!("{}.{}e{exponent}", digits / 10, digits % 10)
}

/// Ticks from 0 to `most`, both included, at most six.
pub(crate) fn count_ticks(most: u64) -> Vec<u64> {
    if most >= 4 && most.is_power_of_two() {
        return (0..=4).map(|quarter| most / 4 * quarter).collect();
    }
    let step = decades(1, &[1, 2, 5]).find(|step| most.div_ceil(*step) <= 5).unwrap_or(u64::MAX);
    let mut ticks: Vec<_> = (0..=5_u64)
        .filter_map(|i| step.checked_mul(i))
        // A tick just below the last would run into its label.
        .take_while(|tick| *tick == 0 || most.saturating_sub(*tick) > step / 3)
        .filter(|tick| *tick < most)
        .collect();
    ticks.push(most);
    ticks
}

/// Multiples of `step` in `[first, last]`, or `None` if they are too many for any picture.
fn multiples(first: u64, last: u64, step: u64) -> Option<Vec<u64>> {
    let (low, high) = (first.div_ceil(step), last / step);
    if high.saturating_sub(low) >= MOST_TICKS {
        return None;
    }
    Some((low..=high).filter_map(|i| step.checked_mul(i)).collect())
}

/// Round time steps, in seconds, ascending.
fn seconds() -> impl Iterator<Item = u64> {
    let days = [1, 2, 5, 7].into_iter().map(|days| days * DAY);
    let decades = decades(10, &[1, 2, 5]).filter_map(|days| days.checked_mul(DAY));
    SHORT_STEPS.into_iter().chain(days).chain(decades).chain([u64::MAX])
}

/// `unit` times 1, 10, 100, ..., each times the `factors`, as far as `u64` goes.
fn decades(unit: u64, factors: &[u64]) -> impl Iterator<Item = u64> {
    let powers = std::iter::successors(Some(unit), |power| power.checked_mul(10));
    powers.flat_map(|power| factors.iter().filter_map(move |factor| power.checked_mul(*factor)))
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const SHORT_STEPS: [u64; 17] = [
    1,
    2,
    5,
    10,
    15,
    30,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
];
const MOST_TICKS: u64 = 14;
const LABEL_GAP: f64 = 14.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(origin: u64, from: u64, to: u64) -> Vec<String> {
        let axis = Axis { unit: Unit::Seconds, origin, from, to };
        axis.ticks(11.0).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_use_round_units_relative_to_the_origin() {
        let two_days =
            ["0", "6 h", "12 h", "18 h", "1 d", "1 d 6 h", "1 d 12 h", "1 d 18 h", "2 d"];
        assert_eq!(labels(1_000, 1_000, 1_000 + 2 * DAY), two_days);
        assert_eq!(
            labels(0, 0, 9),
            ["0", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s", "7 s", "8 s", "9 s"]
        );
        assert_eq!(labels(0, 41 * DAY, 41 * DAY + 40 * MINUTE).first().unwrap(), "41 d");
        assert_eq!(labels(0, 0, 700 * DAY).last().unwrap(), "700 d");
    }

    #[test]
    fn parts_of_seconds_have_ticks_of_their_own() {
        let axis = |to| Axis { unit: Unit::Milliseconds, origin: 0, from: 0, to };
        let labels =
            |to| axis(to).ticks(11.0).into_iter().map(|tick| tick.label).collect::<Vec<_>>();
        assert_eq!(
            labels(1_100),
            [
                "0", "0.1 s", "0.2 s", "0.3 s", "0.4 s", "0.5 s", "0.6 s", "0.7 s", "0.8 s",
                "0.9 s", "1 s", "1.1 s"
            ]
        );
        assert_eq!(
            labels(5_000),
            ["0", "0.5 s", "1 s", "1.5 s", "2 s", "2.5 s", "3 s", "3.5 s", "4 s", "4.5 s", "5 s"]
        );
        assert_eq!(labels(7_200_000).last().unwrap(), "2 h");
        assert!(labels(u64::MAX).len() > 2);
    }

    #[test]
    fn ticks_keep_apart_and_inside_for_every_span() {
        for exponent in 0..64 {
            for offset in [0, 1, 12_345, 1 << 40] {
                let span = 1_u64 << exponent;
                let from = offset.min(u64::MAX - span);
                let axis = Axis { unit: Unit::Seconds, origin: 0, from, to: from + span };
                let ticks = axis.ticks(11.0);
                assert!(ticks.len() <= 14, "{span}: {ticks:?}");
                for pair in ticks.windows(2) {
                    assert!(pair[1].x - pair[0].x > text_width(&pair[1].label, 11.0), "{pair:?}");
                }
            }
        }
        assert_eq!(labels(7, 7, 7), ["0"]);
        assert!(labels(0, 0, u64::MAX).len() > 2);
    }

    #[test]
    fn steps_ascend() {
        let all: Vec<_> = seconds().collect();
        assert!(all.is_sorted());
        assert_eq!(&all[..7], [1, 2, 5, 10, 15, 30, 60]);
        assert_eq!(&all[17..23], [1, 2, 5, 7, 10, 20].map(|days| days * DAY));
    }

    #[test]
    fn count_ticks_run_from_zero_to_all() {
        assert_eq!(count_ticks(0), [0]);
        assert_eq!(count_ticks(1), [0, 1]);
        assert_eq!(count_ticks(3), [0, 1, 2, 3]);
        assert_eq!(count_ticks(64), [0, 16, 32, 48, 64]);
        assert_eq!(count_ticks(100), [0, 20, 40, 60, 80, 100]);
        assert_eq!(count_ticks(430), [0, 100, 200, 300, 430]);
        for processors in (0..=3_000).chain([u64::MAX - 1, u64::MAX]) {
            let ticks = count_ticks(processors);
            assert!(ticks.len() <= 6 && ticks.last() == Some(&processors), "{ticks:?}");
            assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]), "{ticks:?}");
        }
    }

    #[test]
    fn long_numbers_are_shortened() {
        assert_eq!(compact(9_999_999), "9999999");
        assert_eq!(compact(u64::MAX), "1.8e19");
        assert_eq!(duration(0), "0");
        assert_eq!(duration(DAY + 2 * HOUR + 3 * MINUTE + 4), "1 d 2 h 3 min 4 s");
    }
}
