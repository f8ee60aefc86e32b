//! What is left of a network, and what is refused: nothing, and with reasons.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use apportion_host::{Error, Network, NetworkControl, NetworkPlan, NetworkShare};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

use crate::stage::{bandwidth, connect, inside, interfaces, named, network, on_a_host_of_its_own};

#[test]
fn nothing_is_left_after_closing_or_a_panic() {
    on_a_host_of_its_own("nothing is left after closing or a panic", || {
        let mut first = network("1Mbit", &[(1, None), (1, None)]).unwrap();
        let second = network("1Mbit", &[(1, None)]).unwrap();
        assert_eq!((first.interface(), second.interface()), ("apportion-0", "apportion-1"));
        assert_eq!(first.host_address(), Ipv4Addr::new(10, 213, 0, 1));
        assert_eq!(second.host_address(), Ipv4Addr::new(10, 213, 1, 1));
        assert_eq!(interfaces_of_ours(), ["apportion-0", "apportion-1"]);
        first.close().unwrap();
        assert_eq!(interfaces_of_ours(), ["apportion-1"]);
        let third = network("1Mbit", &[(1, None)]).unwrap();
        assert_eq!(third.interface(), "apportion-0");
        let panic = catch_unwind(AssertUnwindSafe(move || {
            let _both = (&second, &third);
            std::panic::resume_unwind(Box::new("on purpose"));
        }));
        assert!(panic.is_err());
        assert_eq!(interfaces_of_ours(), <[&str; 0]>::default());
    });
}

#[test]
fn nothing_is_left_when_the_owner_is_killed() {
    on_a_host_of_its_own("nothing is left when the owner is killed", || {
        let mut owner = Owner::start("gone::owner_that_is_killed");
        let line = owner.line("sleeper");
        let sleeper = Sleeper(Pid::from_raw(line.parse().unwrap()).unwrap());
        assert_eq!(interfaces_of_ours(), ["apportion-0"]);
        assert_eq!(sleeper.interfaces(), ["eth0", "lo"]);
        owner.0.kill().unwrap();
        owner.0.wait().unwrap();
        // The kernel takes namespaces down in the background.
        eventually(|| interfaces_of_ours().is_empty());
        eventually(|| sleeper.interfaces() == ["lo"]);
    });
}

#[test]
#[ignore = "played by the test that kills it"]
#[expect(clippy::zombie_processes, reason = "it is killed before it can wait for it")]
fn owner_that_is_killed() {
    let network = network("1Mbit", &[(1, None), (1, None)]).unwrap();
    let sleeper = inside(&network, "a", || {
        Command::new("sleep").arg("30").stdout(Stdio::null()).spawn().unwrap()
    });
    println!("\nsleeper {}", sleeper.id());
    thread::sleep(Duration::from_secs(20));
}

#[test]
fn nothing_is_left_when_a_network_cannot_be_finished() {
    on_a_host_of_its_own("nothing is left when a network cannot be finished", || {
        let mut owner = Owner::start("gone::owner_with_few_files");
        let refusal = owner.line("refusal");
        assert!(refusal.ends_with("Too many open files (os error 24)"), "{refusal}");
        eventually(|| interfaces_of_ours().is_empty());
        assert!(owner.0.wait().unwrap().success());
    });
}

#[test]
#[ignore = "played by the test of what it leaves"]
fn owner_with_few_files() {
    let open = fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(open + 5), ..limit }).unwrap();
    let refusal = network("1Mbit", &[(1, None); 4]).unwrap_err();
    setrlimit(Resource::Nofile, limit).unwrap();
    println!("\nrefusal {refusal}");
}

#[test]
fn commands_reach_the_host_and_each_other_and_no_further_unless_asked() {
    on_a_host_of_its_own("commands reach the host and each other", || {
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
        let default =
            routes.unwrap().lines().any(|line| line.starts_with("eth0\t00000000\t0101D50A"));
        assert!(default);
    });
}

#[test]
fn refusals_change_nothing() {
    on_a_host_of_its_own("refusals change nothing", || {
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
    });
}

#[test]
fn without_the_rights_it_says_which() {
    on_a_host_of_its_own("without the rights it says which", || {
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
    });
}

#[test]
fn as_many_commands_as_there_are_addresses() {
    on_a_host_of_its_own("as many commands as there are addresses", || {
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
    });
}

fn interfaces_of_ours() -> Vec<String> {
    let mut names = interfaces();
    names.retain(|name| name.starts_with("apportion-"));
    names.sort();
    names
}

fn eventually(holds: impl Fn() -> bool) {
    for _ in 0..250 {
        if holds() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("still not so after 5 s");
}

/// This program again, playing one of its tests in the namespace of the calling thread.
struct Owner(Child);

impl Owner {
    fn start(test: &str) -> Self {
        let arguments = ["--exact", test, "--ignored", "--nocapture"];
        let mut command = Command::new(std::env::current_exe().unwrap());
        Self(command.args(arguments).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// What follows `word` at the beginning of a line of its output.
    fn line(&mut self, word: &str) -> String {
        let output = BufReader::new(self.0.stdout.as_mut().unwrap());
        let lines = output.lines().map_while(Result::ok);
        let rest = |line: String| Some(line.strip_prefix(word)?.trim().to_owned());
        lines.into_iter().find_map(rest).expect("the owner says what it was asked")
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that outlives its parent.
struct Sleeper(Pid);

impl Sleeper {
    fn interfaces(&self) -> Vec<String> {
        let path = format!("/proc/{}/net/dev", self.0.as_raw_nonzero());
        let table = fs::read_to_string(path).unwrap();
        let names = table.lines().skip(2).filter_map(|line| line.split_once(':'));
        let mut names: Vec<_> = names.map(|(name, _)| name.trim().to_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::KILL);
    }
}
