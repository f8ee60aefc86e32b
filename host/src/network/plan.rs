//! What a network is asked for, and the rates that follow.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::num::NonZeroU64;

use super::bandwidth::{BitsPerSecond, LEAST, out_of_range};
use crate::{Error, GroupPath};

/// What a network is to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NetworkPlan {
    /// What the commands share, in each direction.
    pub uplink: BitsPerSecond,
    /// Where the addresses are taken from: all that begin with the first 16 bits of this one. A
    /// network takes the first 256 of these that the host does not know yet. They have to be for
    /// private use.
    pub addresses: Ipv4Addr,
    /// Whether the commands send through the host what goes beyond it. Whether the host passes it on,
    /// and as whose, is set up elsewhere: by `sysctl net.ipv4.ip_forward` and its packet filter.
    /// Without it, commands reach the host and each other.
    pub gateway: bool,
}

impl NetworkPlan {
    /// A network with addresses of `10.213.0.0/16`, from which no way leads beyond the host.
    #[must_use]
    pub fn new(uplink: BitsPerSecond) -> Self {
        Self { uplink, addresses: Ipv4Addr::new(10, 213, 0, 0), gateway: false }
    }

    /// Whether a network can hold these shares. Asks no machine.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for no command or more than 253, for a weight whose share would be less
    /// than 1 kbit/s, and for addresses that are not for private use; [`Error::GroupExists`] for a
    /// name that comes twice.
    pub fn check(&self, shares: &[NetworkShare]) -> Result<(), Error> {
        Rates::new(self.uplink, shares, 1)?;
        let [first, second, ..] = self.addresses.octets();
        // Those of RFC 1918, and those that RFC 6598 has for carriers.
        if self.addresses.is_private() || (first == 100 && (64..128).contains(&second)) {
            return Ok(());
        }
        let expected = "addresses for private use, such as 10.213.0.0 or 172.31.0.0";
        Err(out_of_range("addresses", self.addresses.to_string(), expected.to_owned()))
    }

    /// Whether any of the addresses are in this network.
    pub(super) fn overlaps(&self, (address, bits): (Ipv4Addr, u8)) -> bool {
        agree(self.addresses, address, bits.min(16))
    }

    /// The network of 256 addresses of this number.
    pub(super) fn block(&self, number: u8) -> Block {
        let [first, second, ..] = self.addresses.octets();
        Block([first, second, number])
    }
}

/// Who takes part, and with what right.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NetworkShare {
    /// The name by which the command is found again.
    pub name: GroupPath,
    /// Of the uplink, when all want it, the share is this over the sum of all. Beyond that, what
    /// others leave is divided in the same proportion.
    pub weight: NonZeroU64,
    /// What is never exceeded, in each direction, whoever leaves the uplink unused.
    pub limit: Option<BitsPerSecond>,
}

/// 256 addresses that begin with the same 24 bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Block([u8; 3]);

impl Block {
    /// The address of the host.
    pub(super) fn host(self) -> Ipv4Addr {
        self.address(1)
    }

    /// The address of the command of this number.
    pub(super) fn command(self, number: u32) -> Ipv4Addr {
        self.address(u8::try_from(number.saturating_add(2)).unwrap_or(u8::MAX))
    }

    /// Whether the block and this network have an address in common.
    pub(super) fn overlaps(self, (address, bits): (Ipv4Addr, u8)) -> bool {
        agree(self.address(0), address, bits.min(24))
    }

    fn address(self, last: u8) -> Ipv4Addr {
        let [first, second, third] = self.0;
        Ipv4Addr::new(first, second, third, last)
    }
}

/// What a class of the kernel's queue is told, in bytes and bytes per second.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ClassRate {
    pub(super) rate: u64,
    pub(super) limit: u64,
    /// How much it borrows before the next one's turn.
    pub(super) quantum: u32,
    /// The largest packet.
    pub(super) packet: u32,
}

impl ClassRate {
    /// How long a class may have been saving for what it sends at once: a time in which a busy
    /// machine surely looks after its queues, and the time that one packet takes. In the kernel's
    /// units of 64 ns.
    pub(super) fn burst(&self, rate: u64) -> u32 {
        let packet = u64::from(self.packet).saturating_mul(1_000_000_000) / rate.max(1);
        u32::try_from(BURST_NANOSECONDS.saturating_add(packet) / 64).unwrap_or(u32::MAX)
    }
}

/// The rates of a network, checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Rates {
    /// What all share.
    pub(super) root: ClassRate,
    /// Requests for hardware addresses, and what comes from an address that was not given out.
    pub(super) others: ClassRate,
    /// The commands, in their order.
    pub(super) commands: Vec<ClassRate>,
}

impl Rates {
    /// The rates that follow from weights and limits. `segments` is how many packets a sender may
    /// hand over as one.
    pub(super) fn new(
        uplink: BitsPerSecond,
        shares: &[NetworkShare],
        segments: u32,
    ) -> Result<Self, Error> {
        if !(1..=MOST_COMMANDS).contains(&shares.len()) {
            return Err(out_of_range(
                "commands of a network",
                shares.len().to_string(),
                format!("1 to {MOST_COMMANDS}"),
            ));
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = shares.iter().find(|share| !names.insert(&share.name)) {
            return Err(Error::GroupExists(twice.name.clone()));
        }
        let packet = segments.saturating_mul(FRAME);
        let all = uplink.bytes();
        // A hundredth stays with the root, which lends it in proportion: so the rates that were
        // given away never add up to more than the uplink.
        let others = (all / 100).max(LEAST / 8);
        let divided = u128::from(all.saturating_sub(others));
        let total: u128 = shares.iter().map(|share| u128::from(share.weight.get())).sum();
        let least = shares.iter().map(|share| share.weight.get()).min().unwrap_or(1);
        let class = |rate, limit, quantum| ClassRate { rate, limit, quantum, packet };
        let commands = shares.iter().map(|share| {
            let weight = share.weight.get();
            let rate = saturated(divided * u128::from(weight) / total);
            if rate < LEAST / 8 {
                let expected = "a share of the uplink of 1 kbit/s or more";
                return Err(out_of_range(
                    "bandwidth weight",
                    weight.to_string(),
                    expected.to_owned(),
                ));
            }
            let limit = share.limit.map_or(all, |limit| limit.bytes().min(all));
            let turn = u128::from(packet) * u128::from(weight) / u128::from(least);
            let quantum = u32::try_from(turn).map_or(LONGEST_TURN, |turn| turn.min(LONGEST_TURN));
            Ok(class(rate.min(limit), limit, quantum.max(packet)))
        });
        Ok(Self {
            commands: commands.collect::<Result<_, _>>()?,
            root: class(all, all, packet),
            others: class(others, others, packet),
        })
    }
}

/// How many packets a sender may hand over as one, so that the command with the smallest share needs
/// no more than a millisecond for them. Without a bound, senders hand over 64 KiB at once, which take
/// a share of 1 Mbit/s half a second.
pub(super) fn segments(uplink: BitsPerSecond, shares: &[NetworkShare]) -> Result<u32, Error> {
    let rates = Rates::new(uplink, shares, 1)?;
    let least = rates.commands.iter().map(|class| class.rate).min().unwrap_or(0);
    let frames = least / 1000 / u64::from(FRAME);
    Ok(u32::try_from(frames).unwrap_or(u32::MAX).clamp(1, MOST_SEGMENTS))
}

/// How many packets wait in a queue at most: as many as the uplink carries in 50 ms.
pub(super) fn queue_length(uplink: BitsPerSecond) -> u32 {
    let frames = uplink.bytes() / 20 / u64::from(FRAME);
    u32::try_from(frames).unwrap_or(u32::MAX).clamp(64, 10_000)
}

/// Whether two addresses begin with the same bits, so many of them.
fn agree(one: Ipv4Addr, other: Ipv4Addr, bits: u8) -> bool {
    let differ = u32::from(one) ^ u32::from(other);
    differ.checked_shr(32 - u32::from(bits)).unwrap_or(0) == 0
}

fn saturated(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// 256 addresses less the first, the host's and the last.
const MOST_COMMANDS: usize = 253;
/// Bytes of a frame of Ethernet that holds a packet of 1,500 bytes.
const FRAME: u32 = 1_514;
/// As many as fit into 64 KiB.
const MOST_SEGMENTS: u32 = 43;
const LONGEST_TURN: u32 = 1 << 20;
const BURST_NANOSECONDS: u64 = 10_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bandwidth::MOST;
    use super::*;

    fn share(name: &str, weight: u64, limit: Option<&str>) -> NetworkShare {
        NetworkShare {
            name: name.parse().unwrap(),
            weight: NonZeroU64::new(weight).unwrap(),
            limit: limit.map(|text| text.parse().unwrap()),
        }
    }

    #[test]
    fn rates_follow_weights_and_limits() {
        let shares =
            [share("a", 1, None), share("b", 2, Some("3Mbit")), share("c", 4, Some("30Mbit"))];
        let rates = Rates::new("20Mbit".parse().unwrap(), &shares, 1).unwrap();
        assert_eq!(rates.root.rate, 2_500_000);
        assert_eq!(rates.others.limit, 25_000);
        let commands: Vec<_> =
            rates.commands.iter().map(|class| (class.rate, class.limit, class.quantum)).collect();
        assert_eq!(
            commands,
            [(353_571, 2_500_000, 1_514), (375_000, 375_000, 3_028), (1_414_285, 2_500_000, 6_056)]
        );
    }

    #[test]
    fn what_no_kernel_can_hold_is_refused() {
        let uplink = "1Mbit".parse().unwrap();
        assert!(matches!(Rates::new(uplink, &[], 1), Err(Error::OutOfRange { .. })));
        let many: Vec<_> = (0..254).map(|n| share(&format!("c{n}"), 1, None)).collect();
        assert!(Rates::new(uplink, &many[1..], 1).is_ok());
        let refusal = Rates::new(uplink, &many, 1).unwrap_err().to_string();
        assert_eq!(refusal, "commands of a network = 254: expected 1 to 253");
        let unequal = [share("a", 1, None), share("b", 1_000, None)];
        let refusal = Rates::new(uplink, &unequal, 1).unwrap_err().to_string();
        assert_eq!(
            refusal,
            "bandwidth weight = 1: expected a share of the uplink of 1 kbit/s or more"
        );
        let twice = [share("a", 1, None), share("a", 2, None)];
        assert!(matches!(Rates::new(uplink, &twice, 1), Err(Error::GroupExists(_))));
    }

    #[test]
    fn addresses_are_private() {
        let shares = [share("a", 1, None)];
        let plan = NetworkPlan::new("1Mbit".parse().unwrap());
        for (addresses, private) in [
            ([10, 213, 0, 0], true),
            ([172, 31, 9, 9], true),
            ([192, 168, 0, 0], true),
            ([100, 127, 0, 0], true),
            ([100, 128, 0, 0], false),
            ([192, 2, 0, 0], false),
            ([127, 0, 0, 0], false),
            ([255, 255, 0, 0], false),
        ] {
            let plan = NetworkPlan { addresses: addresses.into(), ..plan };
            assert_eq!(plan.check(&shares).is_ok(), private, "{addresses:?}");
        }
    }

    #[test]
    fn blocks_overlap_by_their_common_bits() {
        let plan = NetworkPlan::new("1Mbit".parse().unwrap());
        let block = plan.block(7);
        assert_eq!(block.host(), Ipv4Addr::new(10, 213, 7, 1));
        assert_eq!(block.command(252), Ipv4Addr::new(10, 213, 7, 254));
        for (network, bits, overlaps) in [
            ([10, 213, 7, 200], 32, true),
            ([10, 213, 7, 0], 24, true),
            ([10, 213, 6, 0], 23, true),
            ([10, 0, 0, 0], 8, true),
            ([0, 0, 0, 0], 1, true),
            ([10, 213, 8, 0], 24, false),
            ([10, 213, 4, 0], 23, false),
            ([192, 0, 2, 2], 24, false),
        ] {
            let network = (network.into(), bits);
            assert_eq!(block.overlaps(network), overlaps, "{network:?}");
            assert_eq!(plan.overlaps(network), network.0 != Ipv4Addr::new(192, 0, 2, 2));
        }
    }

    proptest! {
        #[test]
        fn guaranteed_rates_never_add_up_to_more_than_the_uplink(
            bits in LEAST..=MOST,
            weights in prop::collection::vec(1..=u64::MAX, 1..=253),
            limit in prop::option::of(LEAST..=MOST),
            wanted in 1..=MOST_SEGMENTS,
        ) {
            let uplink = BitsPerSecond::new(bits).unwrap();
            let shares: Vec<_> = (0..).zip(&weights).map(|(n, weight)| NetworkShare {
                limit: limit.map(|bits| BitsPerSecond::new(bits).unwrap()),
                ..share(&format!("c{n}"), *weight, None)
            }).collect();
            if let Ok(rates) = Rates::new(uplink, &shares, wanted) {
                let sum: u64 = rates.commands.iter().map(|class| class.rate).sum();
                prop_assert!(sum + rates.others.rate <= rates.root.rate);
                for class in &rates.commands {
                    prop_assert!(1 <= class.rate && class.rate <= class.limit);
                    prop_assert!(class.limit <= rates.root.limit && class.quantum >= class.packet);
                    prop_assert!(class.burst(class.rate) >= class.burst(class.limit));
                }
                let segments = segments(uplink, &shares).unwrap();
                prop_assert!((1..=MOST_SEGMENTS).contains(&segments));
            }
            prop_assert!((64..=10_000).contains(&queue_length(uplink)));
        }
    }
}
