//! The network of a run: which commands share its bandwidth, and what they sent and received.

use std::num::NonZeroU64;

use apportion_fairshare::Weight;
use apportion_host::{
    BitsPerSecond, Entrance, GroupPath, Network as HostNetwork, NetworkControl, NetworkPlan,
    NetworkShare,
};
use serde::Deserialize;
use toml::Spanned;

use super::document::{Source, WrittenCommand};
use super::record::Record;
use super::spec::{Command, Spec};
use super::value::{Bandwidth, PrivateNetwork};
use crate::output::Error;

/// `[network]`, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenNetwork {
    bandwidth: Bandwidth,
    addresses: Option<PrivateNetwork>,
    #[serde(default)]
    gateway: bool,
}

/// A network, and where it stands in the document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Network {
    pub(super) plan: NetworkPlan,
    pub(super) line: usize,
}

/// What a command has of the network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Share {
    pub(super) weight: Weight,
    pub(super) limit: Option<BitsPerSecond>,
}

impl Default for Share {
    fn default() -> Self {
        Self { weight: Weight::MIN, limit: None }
    }
}

/// Reads `[network]`.
pub(super) fn read(source: Source<'_>, written: &Spanned<WrittenNetwork>) -> Network {
    let WrittenNetwork { bandwidth, addresses, gateway } = written.get_ref();
    let mut plan = NetworkPlan::new(bandwidth.0);
    plan.gateway = *gateway;
    if let Some(PrivateNetwork(address)) = addresses {
        plan.addresses = *address;
    }
    Network { plan, line: source.line(written.span().start) }
}

/// What a command has of the network, if it names it.
pub(super) fn read_share(
    source: Source<'_>,
    written: &WrittenCommand,
    network: bool,
) -> Result<Option<Share>, Error> {
    let WrittenCommand { bandwidth_weight: weight, bandwidth_limit: limit, .. } = written;
    let place = weight.as_ref().map(Spanned::span).or(limit.as_ref().map(Spanned::span));
    let Some(place) = place else { return Ok(None) };
    if !network {
        let message = "expected a [network] whose bandwidth is shared, found none";
        return Err(source.refusal(place, message));
    }
    Ok(Some(Share {
        weight: weight.as_ref().map_or(Weight::MIN, |weight| weight.get_ref().0),
        limit: limit.as_ref().map(|limit| limit.get_ref().0),
    }))
}

/// Whether there is a network that can hold what the commands have of it.
pub(super) fn check(
    source: Source<'_>,
    network: &Network,
    commands: &[Command],
) -> Result<(), Error> {
    let place = || format!("{}:{}", source.name, network.line);
    let shares: Vec<_> = shares(commands).map(|(_, share)| share).collect();
    if shares.is_empty() {
        let message =
            "expected a [[command]] with `bandwidth-weight` or `bandwidth-limit`, found none";
        return Err(Error::input(place(), message));
    }
    network.plan.check(&shares).map_err(|error| Error::input(place(), error.to_string()))
}

/// A network that runs, and which commands are in it.
pub(super) struct Shared {
    control: Box<dyn NetworkControl>,
    /// By number of the command, in the order of their creation.
    members: Vec<(usize, GroupPath)>,
}

impl Shared {
    /// The network of a specification, if it names one.
    pub(super) fn open(spec: &Spec) -> Result<Option<Self>, Error> {
        let Some(Network { plan, .. }) = &spec.network else { return Ok(None) };
        let (numbers, shares): (Vec<_>, Vec<_>) = shares(&spec.commands).unzip();
        let control = HostNetwork::create(plan, &shares).map_err(|error| refused(&error))?;
        let names = shares.into_iter().map(|share| share.name);
        let members = numbers.into_iter().zip(names).collect();
        Ok(Some(Self { control: Box::new(control), members }))
    }

    /// What a command does to begin its life in its network; nothing, if it is in none.
    pub(super) fn entrance(&self, command: usize) -> Result<Entrance, Error> {
        let member = self.members.iter().find(|(number, _)| *number == command);
        member.map_or(Ok(Entrance::default()), |(_, name)| {
            self.control.entrance(name).map_err(|error| refused(&error))
        })
    }

    /// Puts the weights and limits of a specification into force.
    pub(super) fn change(&mut self, spec: &Spec) -> Result<(), Error> {
        let shares: Vec<_> = shares(&spec.commands).map(|(_, share)| share).collect();
        self.control.set_shares(&shares).map_err(|error| refused(&error))
    }

    /// Writes down what each command has sent and received so far.
    pub(super) fn read(&self, record: &mut Record) -> Result<(), Error> {
        let usage = self.control.usage().map_err(|error| refused(&error))?;
        for ((command, _), (_, usage)) in self.members.iter().zip(usage) {
            if let Some(row) = record.rows.get_mut(*command) {
                row.network = Some(usage);
            }
        }
        Ok(())
    }

    /// Takes the network down.
    pub(super) fn close(mut self) -> Result<(), Error> {
        self.control.close().map_err(|error| refused(&error))
    }
}

/// The commands of the network, by number.
fn shares(commands: &[Command]) -> impl Iterator<Item = (usize, NetworkShare)> {
    commands.iter().enumerate().filter_map(|(number, command)| {
        let Share { weight, limit } = command.network?;
        let weight = NonZeroU64::new(weight.get().into()).unwrap_or(NonZeroU64::MIN);
        // A name of a command is one of a group.
        let name = command.name.parse().ok()?;
        Some((number, NetworkShare { name, weight, limit }))
    })
}

fn refused(error: &apportion_host::Error) -> Error {
    Error::Usage(error.to_string())
}

#[cfg(test)]
mod tests {
    use apportion_host::{NetworkUsage, RecordedNetwork, Unavailable};

    use super::super::tests::{decide, parse};
    use super::*;

    #[test]
    fn commands_that_name_a_bandwidth_share_it() {
        let spec = parse(SPEC, 1).unwrap();
        let network = spec.network.as_ref().unwrap();
        assert_eq!((network.line, network.plan.uplink.bits()), (2, 20_000_000));
        assert_eq!((network.plan.addresses, network.plan.gateway), ([172, 31, 0, 0].into(), true));
        let shares: Vec<_> = shares(&spec.commands).collect();
        let share = |name: &str, weight, limit: Option<&str>| NetworkShare {
            name: name.parse().unwrap(),
            weight: NonZeroU64::new(weight).unwrap(),
            limit: limit.map(|text| text.parse().unwrap()),
        };
        assert_eq!(shares, [(0, share("a", 3, None)), (2, share("c", 1, Some("5Mbit")))],);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let refused = |from: &str, to: &str| parse(&SPEC.replace(from, to), 1).unwrap_err();
        for (from, to, said) in [
            (
                "20Mbit",
                "20MB",
                "3: expected a bandwidth from 1kbit to 1Tbit, such as \"20Mbit\", found string \"20MB\"",
            ),
            (
                "\"20Mbit\"",
                "20",
                "3: expected a bandwidth from 1kbit to 1Tbit, such as \"20Mbit\", found integer `20`",
            ),
            (
                "20Mbit",
                "1kbit",
                "2: bandwidth weight = 3: expected a share of the uplink of 1 kbit/s or more",
            ),
            (
                "172.31",
                "8.8",
                "2: addresses = 8.8.0.0: expected addresses for private use, such as 10.213.0.0 or 172.31.0.0",
            ),
            (
                "172.31",
                "localhost",
                "4: expected the first address of a private network, such as \"172.31.0.0\", found string \"localhost.0.0\"",
            ),
            (
                "weight = 3",
                "weight = 0",
                "10: expected a whole number from 1 to 4294967295, found integer `0`",
            ),
            (
                "gateway",
                "gate",
                "5: expected one of `bandwidth`, `addresses`, `gateway`, found `gate`",
            ),
        ] {
            assert_eq!(refused(from, to).to_string(), format!("spec.toml:{said}"));
        }
        let without = SPEC.replace("[network]", "").replace("bandwidth = ", "#");
        let without = without.replace("addresses", "#").replace("gateway", "#");
        let said = "spec.toml:10: expected a [network] whose bandwidth is shared, found none";
        assert_eq!(parse(&without, 1).unwrap_err().to_string(), said);
        let nobody = SPEC.replace("bandwidth-", "#");
        let said = "spec.toml:2: expected a [[command]] with `bandwidth-weight` or \
                    `bandwidth-limit`, found none";
        assert_eq!(parse(&nobody, 1).unwrap_err().to_string(), said);
    }

    #[test]
    fn what_the_network_says_reaches_the_user() {
        let (spec, division) = decide(SPEC, 1).unwrap();
        let (numbers, given): (Vec<_>, Vec<_>) = shares(&spec.commands).unzip();
        let names = given.iter().map(|share| share.name.clone());
        let members: Vec<_> = numbers.into_iter().zip(names).collect();
        let lost = Unavailable {
            what: "the uplink".to_owned(),
            why: "somebody removed it".to_owned(),
            fix: "start again".to_owned(),
        };
        for failing in 0..4 {
            let control =
                RecordedNetwork::new(given.clone()).failing_at(failing, lost.clone().into());
            let mut shared = Shared { control: Box::new(control), members: members.clone() };
            let mut record = Record::new(&division, None);
            // A command that is in no network asks for nothing.
            assert!(shared.entrance(1).is_ok());
            let results = [
                shared.entrance(2).map(drop),
                shared.change(&spec),
                shared.read(&mut record),
                shared.close(),
            ];
            for (call, result) in results.into_iter().enumerate() {
                let said = result.err().map(|error| error.to_string());
                let expected = "the uplink: somebody removed it; start again";
                assert_eq!(said.as_deref(), (call == failing).then_some(expected));
            }
            let read = (failing != 2).then_some(NetworkUsage::default());
            let rows: Vec<_> = record.rows.iter().map(|row| row.network).collect();
            assert_eq!(rows, [read, None, read]);
        }
    }

    const SPEC: &str = r#"
[network]
bandwidth = "20Mbit"
addresses = "172.31.0.0"
gateway = true

[[command]]
name = "a"
run = ["a"]
bandwidth-weight = 3

[[command]]
name = "b"
run = ["b"]

[[command]]
name = "c"
run = ["c"]
bandwidth-limit = "5Mbit"
"#;
}
