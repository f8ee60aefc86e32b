//! Where a command is, and how far it reaches.

use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};

use apportion_host::{Network, NetworkControl, NetworkPlan, spawn};

use crate::stage::{bandwidth, connect, inside, named, names, network};

pub(crate) fn begins_inside() {
    let network = network("1Mbit", &[(1, None)]).unwrap();
    let entrance = network.entrance(&"a".parse().unwrap()).unwrap();
    let mut command = Command::new("cat");
    command.arg("/proc/self/net/dev").stdout(Stdio::piped());
    let output = spawn(command, entrance).unwrap().wait_with_output().unwrap();
    assert_eq!(names(&String::from_utf8(output.stdout).unwrap()), ["eth0", "lo"]);
}

pub(crate) fn no_further_than_asked() {
    let shares = named(&[(1, None), (1, None)]);
    let plan = NetworkPlan::new(bandwidth("1Mbit"));
    let closed = Network::create(&plan, &shares).unwrap();
    let host = TcpListener::bind((closed.host_address(), 0)).unwrap();
    connect(&closed, "a", host.local_addr().unwrap()).unwrap();
    let ipv6 = inside(&closed, "a", || fs::read_to_string("/proc/thread-self/net/if_inet6"));
    assert!(ipv6.map_or(true, |addresses| !addresses.contains("eth0")));
    let address = closed.address(&"b".parse().unwrap()).unwrap();
    let neighbour = inside(&closed, "b", || TcpListener::bind((address, 0)).unwrap());
    connect(&closed, "a", neighbour.local_addr().unwrap()).unwrap();
    let beyond = SocketAddr::from(([192, 0, 2, 1], 9));
    let error = connect(&closed, "a", beyond).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NetworkUnreachable);

    // With a gateway the first packets go to this host, which has no way to there.
    let open = Network::create(&NetworkPlan { gateway: true, ..plan }, &shares).unwrap();
    let routes = inside(&open, "a", || fs::read_to_string("/proc/thread-self/net/route"));
    let default = routes.unwrap().lines().any(|line| line.starts_with("eth0\t00000000\t0101D50A"));
    assert!(default);
}
