//! What a network refuses, and how much it can hold.

use std::net::Ipv4Addr;

use apportion_host::{Error, Network, NetworkControl, NetworkPlan, NetworkShare};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

use crate::stage::{bandwidth, named, network};

pub(crate) fn change_nothing() {
    let mut network = network("1Mbit", &[(1, None), (3, Some("500kbit"))]).unwrap();
    let rates = network.rates().unwrap();
    let bits: Vec<_> = rates.iter().map(|(_, rate)| (rate.guaranteed, rate.limit)).collect();
    assert_eq!(bits, [(247_496, 1_000_000), (500_000, 500_000)]);
    let mut unknown = named(&[(1, None), (1, None)]);
    unknown[1].name = "z".parse().unwrap();
    let few = named(&[(1, None)]);
    let many = named(&[(1, None), (1, None), (1, None)]);
    for shares in [unknown, few, many] {
        assert!(matches!(network.set_shares(&shares), Err(Error::UnknownGroup(_))));
    }
    let unequal = named(&[(1, None), (1_000_000, None)]);
    assert!(matches!(network.set_shares(&unequal), Err(Error::OutOfRange { .. })));
    assert!(matches!(network.entrance(&"z".parse().unwrap()), Err(Error::UnknownGroup(_))));
    assert_eq!(network.rates().unwrap(), rates);
}

pub(crate) fn say_which_rights() {
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, none).unwrap();
    let refusals = [network("1Mbit", &[(1, None)]).map(drop), Network::probe()];
    for refusal in refusals {
        let Err(Error::Unavailable(unavailable)) = refusal else { panic!("{refusal:?}") };
        assert_eq!(unavailable.what, "network namespaces");
        assert!(unavailable.fix.contains("CAP_NET_ADMIN"), "{unavailable}");
    }
}

pub(crate) fn as_many_as_addresses() {
    let shares: Vec<_> = (0..253)
        .map(|number| NetworkShare {
            name: format!("c{number}").parse().unwrap(),
            ..named(&[(1 + number, None)]).remove(0)
        })
        .collect();
    let mut network = Network::create(&NetworkPlan::new(bandwidth("10Gbit")), &shares).unwrap();
    let last = network.address(&"c252".parse().unwrap()).unwrap();
    assert_eq!(last, Ipv4Addr::new(10, 213, 0, 254));
    assert_eq!(network.usage().unwrap().len(), 253);
    network.close().unwrap();
}
