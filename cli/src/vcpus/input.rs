//! What the options say, or what is wrong with them on one line.

use std::num::NonZeroU32;
use std::time::Duration;

use apportion_host::CpuLimit;
use apportion_wfq::Weight;

use super::Right;
use super::policy::Policy;
use crate::option::refusal;
use crate::output::Error;
use crate::run::value;
use crate::share;

/// Weights of vCPUs, `1,2,4` or `1x3`.
pub(super) fn weights(text: &str) -> Result<Vec<Weight>, Error> {
    let weights = share::input::weights(text)?;
    if weights.len() > MOST_VCPUS {
        let found = weights.len().to_string();
        return Err(refusal("--weights", &format!("at most {MOST_VCPUS} vCPUs"), &found));
    }
    Ok(weights)
}

pub(super) fn default_weights() -> Vec<Weight> {
    [1, 2, 4].into_iter().filter_map(|weight| Weight::new(weight).ok()).collect()
}

/// Rights by weight alone.
pub(super) fn rights(weights: Vec<Weight>) -> Vec<Right> {
    let right = |weight: Weight| {
        let weight = NonZeroU32::new(weight.get()).unwrap_or(NonZeroU32::MIN);
        Right { weight, limit: None }
    };
    weights.into_iter().map(right).collect()
}

/// Rights of vCPUs that were found: a weight for each, or all the same.
pub(super) fn rights_of(
    weights: Option<Vec<Weight>>,
    found: usize,
    name: &str,
) -> Result<Vec<Right>, Error> {
    let weights = weights.unwrap_or_else(|| vec![Weight::MIN; found]);
    if weights.len() != found {
        let (found, given) = (format!("{found}, as {name} has"), weights.len().to_string());
        return Err(refusal("--weights", &format!("a weight for each vCPU: {found}"), &given));
    }
    Ok(rights(weights))
}

/// Sets limits by `I=N%`.
pub(super) fn limit(rights: &mut [Right], limits: &[String]) -> Result<(), Error> {
    for text in limits {
        let (vcpu, part) = part("--limit", text, rights.len(), 1.0..=100.0)?;
        if rights[vcpu].limit.is_some() {
            return Err(refusal("--limit", "each vCPU once", &format!("`{text}`")));
        }
        let quota = PERIOD.mul_f64(part);
        rights[vcpu].limit = Some(CpuLimit { quota, period: PERIOD, burst: Duration::ZERO });
    }
    Ok(())
}

/// Who stops after which part of a quantum.
pub(super) fn early(texts: &[String], vcpus: usize) -> Result<Vec<(usize, f64)>, Error> {
    texts.iter().map(|text| part("--early", text, vcpus, 1.0..=99.0)).collect()
}

/// `2=20%`: the vCPU, and which part.
fn part(
    option: &str,
    text: &str,
    vcpus: usize,
    percent: std::ops::RangeInclusive<f64>,
) -> Result<(usize, f64), Error> {
    let parsed = text.split_once('=').and_then(|(vcpu, part)| {
        let vcpu = vcpu.trim();
        let digits = !vcpu.is_empty() && vcpu.bytes().all(|byte| byte.is_ascii_digit());
        let vcpu = vcpu.parse().ok().filter(|&vcpu: &usize| digits && vcpu < vcpus)?;
        let part: f64 = part.trim().strip_suffix('%')?.trim_end().parse().ok()?;
        percent.contains(&part).then_some((vcpu, part / 100.0))
    });
    parsed.ok_or_else(|| {
        let highest = vcpus.saturating_sub(1);
        let (least, most) = (percent.start(), percent.end());
        let expected = format!(
            "a vCPU from 0 to {highest} and a part from {least}% to {most}%, such as 0=20%"
        );
        refusal(option, &expected, &format!("`{text}`"))
    })
}

/// The named policies, each once; those that can hold limits if there are some and none is named.
pub(super) fn policies(names: &[String], limited: bool) -> Result<Vec<Policy>, Error> {
    let mut policies = Vec::new();
    for name in names {
        let policy = Policy::named(name).ok_or_else(|| {
            let expected = format!("one of {}", Policy::names().join(", "));
            refusal("--policy", &expected, &format!("`{name}`"))
        })?;
        if limited && !policy.has_limits() {
            let expected = "a policy with hard limits, groups, wfq or eevdf, beside --limit";
            return Err(refusal("--policy", expected, &format!("`{name}`")));
        }
        policies.push(policy);
    }
    if policies.is_empty() {
        policies.extend(Policy::DEFAULT.iter().filter(|policy| !limited || policy.has_limits()));
    }
    Ok(policies)
}

pub(super) fn quantum(text: &str) -> Result<Duration, Error> {
    let quantum = value::span(text).filter(|quantum| *quantum <= LONGEST_QUANTUM);
    quantum.ok_or_else(|| {
        refusal("--quantum", "a time from 1ms to 1s, such as 10ms", &format!("`{text}`"))
    })
}

pub(super) fn span(option: &str, text: &str) -> Result<Duration, Error> {
    value::span(text)
        .ok_or_else(|| refusal(option, "a time such as 5s, 250ms or 2min", &format!("`{text}`")))
}

pub(super) fn process(text: &str) -> Result<NonZeroU32, Error> {
    let process = text.trim().parse().ok().filter(|process: &NonZeroU32| process.get() < 1 << 31);
    process.ok_or_else(|| refusal("--pid", "the id of a process", &format!("`{text}`")))
}

/// As many as a guest can have.
const MOST_VCPUS: usize = 64;
/// Of hard limits.
const PERIOD: Duration = Duration::from_millis(100);
const LONGEST_QUANTUM: Duration = Duration::from_secs(1);
