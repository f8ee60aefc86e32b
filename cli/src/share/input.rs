//! What the options say, or what is wrong with them on one line.

use apportion_wfq::Weight;

use super::policy::Policy;
use crate::option::refusal;
use crate::output::Error;

/// `1,2,4`, or `5,1x100` with the second weight a hundred times.
pub(crate) fn weights(text: &str) -> Result<Vec<Weight>, Error> {
    if text.trim().is_empty() {
        return Err(refusal("--weights", "weights such as 1,2,4", "none"));
    }
    let mut weights = Vec::new();
    for item in text.split(',').map(str::trim) {
        let (weight, times) = match item.split_once('x') {
            Some((weight, times)) => (weight, times.parse().ok().filter(|&times| times > 0)),
            None => (item, Some(1)),
        };
        let weight = weight.parse().ok().and_then(|weight| Weight::new(weight).ok());
        let (Some(weight), Some(times)) = (weight, times) else {
            let range = format!("from {} to {}", Weight::MIN.get(), Weight::MAX.get());
            let expected = format!("a weight {range}, or such a weight and how often: 1x100");
            return Err(refusal("--weights", &expected, &format!("`{item}`")));
        };
        if times > MOST_ENTITIES - weights.len() {
            let expected = format!("at most {MOST_ENTITIES} entities");
            return Err(refusal("--weights", &expected, "more"));
        }
        weights.resize(weights.len() + times, weight);
    }
    Ok(weights)
}

/// All policies if none is named.
pub(super) fn policies(names: &[String]) -> Result<Vec<Policy>, Error> {
    if names.is_empty() {
        return Ok(Policy::ALL.to_vec());
    }
    let find = |name: &String| {
        Policy::named(name).ok_or_else(|| {
            let expected = format!("one of {}", Policy::names().join(", "));
            refusal("--policy", &expected, &format!("`{name}`"))
        })
    };
    names.iter().map(find).collect()
}

const MOST_ENTITIES: usize = 1_000_000;
