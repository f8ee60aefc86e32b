//! Shares of a network: a namespace for each command, behind one uplink with a queue of classes.

mod bandwidth;
mod control;
mod link;
mod message;
mod namespace;
mod plan;
mod queue;
mod recorded;
mod socket;

use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;

use self::link::Pair;
use self::namespace::{Namespace, failed};
use self::plan::{Block, ClassRate, Rates};
use self::queue::{Class, Direction, Queue};
use self::socket::Socket;
use crate::entrance::Step;
use crate::{Entrance, Error, GroupPath, Unavailable};

pub use self::bandwidth::BitsPerSecond;
pub use self::control::{NetworkControl, NetworkRate, NetworkUsage};
pub use self::plan::{NetworkPlan, NetworkShare};
pub use self::recorded::RecordedNetwork;

/// Commands that share the bandwidth of an uplink, each in a network namespace of its own.
///
/// ```text
///   command a ── eth0 ─┐
///   command b ── eth0 ─┼─ bridge ── uplink ══ apportion-0 ── the host
///   command c ── eth0 ─┘            shared, in either direction
/// ```
///
/// What the commands and the host send each other passes the uplink. Either end of it has a
/// hierarchical token bucket with a class for each command: its share when all are busy, in
/// proportion to its weight what others leave unused, never more than its limit. What commands send
/// *each other* stays on the bridge, and is neither shared nor limited. Only IPv4 is carried:
/// anything else shares a hundredth of the uplink.
///
/// In the host's namespace there is one interface, `apportion-N` with the first free number, and its
/// address; nothing else of the host is touched. The namespaces have no names and are held by
/// descriptors of this process. Whenever it ends, also when it is killed, the kernel removes them
/// with their interfaces, except for a namespace in which a command lives on: that one loses its
/// uplink, and goes with its last process.
///
/// A process inside is told apart by its address. Processes that may change that, as root may, can
/// leave their class for the hundredth of all strangers, or for that of another command.
#[derive(Debug)]
pub struct Network {
    plan: NetworkPlan,
    segments: u32,
    block: Block,
    commands: Vec<Command>,
    host: Host,
    uplink: u32,
    hub: Socket,
}

#[derive(Debug)]
struct Command {
    name: GroupPath,
    namespace: OwnedFd,
}

/// The interface on the host's side, removed when it is dropped.
#[derive(Debug)]
struct Host {
    socket: Socket,
    index: u32,
    name: String,
}

impl Network {
    /// Whether this machine has what a network takes, tried out in namespaces that are gone when this
    /// returns. The host's own is not touched.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], or what the system says.
    pub fn probe() -> Result<(), Error> {
        let plan = NetworkPlan::new(BitsPerSecond::new(1_000_000)?);
        let share =
            NetworkShare { name: "probe".parse()?, weight: std::num::NonZeroU64::MIN, limit: None };
        Self::create_for(Namespace::create()?, &plan, &[share])?.close()
    }

    /// Sets up a network for these commands, below the namespace that the calling thread is in.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if the rights, a part of the kernel or addresses are missing;
    /// what [`NetworkPlan::check`] says; [`Error::NotApplied`], or what the system says. Nothing is left
    /// of it then.
    pub fn create(plan: &NetworkPlan, shares: &[NetworkShare]) -> Result<Self, Error> {
        Self::create_for(Namespace::current()?, plan, shares)
    }

    fn create_for(
        host: Namespace,
        plan: &NetworkPlan,
        shares: &[NetworkShare],
    ) -> Result<Self, Error> {
        plan.check(shares)?;
        let segments = plan::segments(plan.uplink, shares)?;
        let rates = Rates::new(plan.uplink, shares, segments)?;
        let hub = Namespace::create()?.socket;
        let bridge = link::create_bridge(&hub, "bridge")?;
        let pair = Pair {
            name: UPLINK,
            bridge,
            other: "",
            place: host.file.as_fd(),
            queue: plan::queue_length(plan.uplink),
            segments,
        };
        let (number, name) = connect(&hub, &link::networks(&host.socket)?, pair, plan)?;
        // From here on, what was made is removed when it is dropped.
        let index = link::index(&host.socket, &name)?;
        let mut network = Self {
            plan: *plan,
            segments,
            block: plan.block(number),
            commands: Vec::new(),
            uplink: link::index(&hub, UPLINK)?,
            hub,
            host: Host { socket: host.socket, index, name },
        };
        network.start_host()?;
        for queue in network.queues() {
            queue.create(rates.root, rates.others)?;
        }
        for (share, rate) in shares.iter().zip(&rates.commands) {
            network.add(share, *rate, bridge)?;
        }
        for queue in network.queues() {
            queue.verify(&rates.commands)?;
        }
        Ok(network)
    }

    /// The namespace of a command, for `setns(2)`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`].
    pub fn namespace(&self, name: &GroupPath) -> Result<BorrowedFd<'_>, Error> {
        self.number(name).map(|number| self.commands[number].namespace.as_fd())
    }

    /// The address of a command.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownGroup`].
    pub fn address(&self, name: &GroupPath) -> Result<Ipv4Addr, Error> {
        self.number(name)
            .map(|number| self.block.command(u32::try_from(number).unwrap_or(u32::MAX)))
    }

    /// The address at which the commands find the host.
    #[must_use]
    pub fn host_address(&self) -> Ipv4Addr {
        self.block.host()
    }

    /// The name of the interface in the host's namespace.
    #[must_use]
    pub fn interface(&self) -> &str {
        &self.host.name
    }

    fn start_host(&self) -> Result<(), Error> {
        let Host { socket, index, name } = &self.host;
        let words = format!("the network of apportion, process {}", std::process::id());
        link::describe(socket, *index, name, &words)?;
        link::add_address(socket, *index, name, self.block.host())?;
        link::start(socket, *index, name)
    }

    /// Connects one more command.
    fn add(&mut self, share: &NetworkShare, rate: ClassRate, bridge: u32) -> Result<(), Error> {
        let number = u32::try_from(self.commands.len()).unwrap_or(u32::MAX);
        let address = self.block.command(number);
        let Namespace { file, socket } = Namespace::create()?;
        let name = format!("command-{number}");
        let queue = plan::queue_length(self.plan.uplink);
        Pair {
            name: &name,
            bridge,
            other: INSIDE,
            place: file.as_fd(),
            queue,
            segments: self.segments,
        }
        .create(&self.hub)
        .map_err(|errno| link::link_error("veth", "CONFIG_VETH", &name, errno))?;
        let index = link::index(&socket, INSIDE)?;
        link::add_address(&socket, index, INSIDE, address)?;
        link::start_loopback(&socket)?;
        link::start(&socket, index, INSIDE)?;
        if self.plan.gateway {
            link::add_default_route(&socket, self.block.host())?;
        }
        let [sent, received] = self.queues();
        sent.add(number, rate, Direction::Sent, address)?;
        received.add(number, rate, Direction::Received, address)?;
        self.commands.push(Command { name: share.name.clone(), namespace: file });
        Ok(())
    }

    fn apply(&self, rates: &[ClassRate]) -> Result<(), Error> {
        for queue in self.queues() {
            for (number, rate) in (0..).zip(rates) {
                queue.change(number, *rate)?;
            }
            queue.verify(rates)?;
        }
        Ok(())
    }

    /// That of what is sent, and that of what is received.
    fn queues(&self) -> [Queue<'_>; 2] {
        [
            Queue { socket: &self.hub, index: self.uplink, name: UPLINK },
            Queue { socket: &self.host.socket, index: self.host.index, name: &self.host.name },
        ]
    }

    fn number(&self, name: &GroupPath) -> Result<usize, Error> {
        self.commands
            .iter()
            .position(|command| command.name == *name)
            .ok_or_else(|| Error::UnknownGroup(name.clone()))
    }
}

impl NetworkControl for Network {
    fn set_shares(&mut self, shares: &[NetworkShare]) -> Result<(), Error> {
        let rates = Rates::new(self.plan.uplink, shares, self.segments)?;
        for (place, share) in shares.iter().enumerate() {
            if self.commands.get(place).is_none_or(|command| command.name != share.name) {
                return Err(Error::UnknownGroup(share.name.clone()));
            }
        }
        if let Some(missing) = self.commands.get(shares.len()) {
            return Err(Error::UnknownGroup(missing.name.clone()));
        }
        let before: Vec<_> = self.queues()[0].classes()?.into_values().collect();
        self.apply(&rates.commands).inspect_err(|_| {
            let packet = rates.root.packet;
            let _ =
                self.apply(&before.iter().map(|class| as_set(class, packet)).collect::<Vec<_>>());
        })
    }

    fn entrance(&self, name: &GroupPath) -> Result<Entrance, Error> {
        let namespace = self
            .namespace(name)?
            .try_clone_to_owned()
            .map_err(|error| failed("hold the namespace of", name.as_str(), errno(&error)))?;
        Ok(Entrance { steps: vec![Step::Network(namespace)] })
    }

    fn usage(&self) -> Result<Vec<(GroupPath, NetworkUsage)>, Error> {
        let [sent, received] = self.queues();
        let (sent, received) = (sent.classes()?, received.classes()?);
        let bytes = |class: Option<&Class>| class.map_or(0, |class| class.bytes);
        let usage = (0..).zip(&self.commands).map(|(number, command)| {
            let usage = NetworkUsage {
                sent: bytes(sent.get(&number)),
                received: bytes(received.get(&number)),
            };
            (command.name.clone(), usage)
        });
        Ok(usage.collect())
    }

    fn rates(&self) -> Result<Vec<(GroupPath, NetworkRate)>, Error> {
        let [sent, _] = self.queues();
        let rate = |class: Class| NetworkRate {
            guaranteed: class.rate.saturating_mul(8),
            limit: class.limit.saturating_mul(8),
        };
        let rates = self.commands.iter().zip(sent.classes()?.into_values());
        Ok(rates.map(|(command, class)| (command.name.clone(), rate(class))).collect())
    }

    fn close(&mut self) -> Result<(), Error> {
        self.host.remove()
    }
}

impl Host {
    fn remove(&self) -> Result<(), Error> {
        link::remove(&self.socket, self.index, &self.name)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Without it the kernel would remove the interface a little later.
        let _ = self.remove();
    }
}

/// Creates the uplink. The name of its end on the host's side is at once the claim to the addresses
/// of that number, so that two that do this at the same time never get the same ones.
fn connect(
    hub: &Socket,
    known: &[(Ipv4Addr, u8)],
    pair: Pair<'_>,
    plan: &NetworkPlan,
) -> Result<(u8, String), Error> {
    // A router knows many networks, of which few are near ours.
    let known: Vec<_> = known.iter().filter(|network| plan.overlaps(**network)).collect();
    let free = |number: &u8| !known.iter().any(|network| plan.block(*number).overlaps(**network));
    for number in (0..=u8::MAX).filter(free) {
        let name = format!("apportion-{number}");
        match (Pair { other: &name, ..pair }).create(hub) {
            Ok(()) => return Ok((number, name)),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(link::link_error("veth", "CONFIG_VETH", &name, errno)),
        }
    }
    let [first, second, ..] = plan.addresses.octets();
    Err(Unavailable {
        what: format!("private addresses of {first}.{second}.0.0/16"),
        why: "the host has an address in, or a way to, each 256 of them".to_owned(),
        fix: "name another private network for the addresses, such as 172.31.0.0".to_owned(),
    }
    .into())
}

/// The rate that makes a class what it was.
fn as_set(class: &Class, packet: u32) -> ClassRate {
    ClassRate { rate: class.rate, limit: class.limit, quantum: class.quantum, packet }
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

const UPLINK: &str = "uplink";
/// The only interface that a command sees, beside the loopback.
const INSIDE: &str = "eth0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_the_host_knows_are_left_alone() {
        if let Err(error) = Network::probe() {
            apportion_testbed::not_run("network", "addresses are left alone", &error.to_string());
            return;
        }
        let host = Namespace::create().unwrap();
        link::start_loopback(&host.socket).unwrap();
        for address in [[10, 213, 0, 7], [10, 213, 2, 7]] {
            link::add_address(&host.socket, 1, "lo", address.into()).unwrap();
        }
        let known = link::networks(&host.socket).unwrap();
        assert!(known.contains(&([10, 213, 0, 0].into(), 24)), "{known:?}");
        let plan = NetworkPlan::new(BitsPerSecond::new(1_000_000).unwrap());
        let shares = [NetworkShare {
            name: "a".parse().unwrap(),
            weight: std::num::NonZeroU64::MIN,
            limit: None,
        }];
        let place = host.file.try_clone().unwrap();
        let network = Network::create_for(host, &plan, &shares).unwrap();
        assert_eq!(network.interface(), "apportion-1");

        let hub = Namespace::create().unwrap().socket;
        let bridge = link::create_bridge(&hub, "bridge").unwrap();
        let pair =
            Pair { name: UPLINK, bridge, other: "", place: place.as_fd(), queue: 64, segments: 1 };
        let known = vec![([10, 0, 0, 0].into(), 8)];
        let refusal = connect(&hub, &known, pair, &plan).unwrap_err().to_string();
        assert!(
            refusal.starts_with("private addresses of 10.213.0.0/16: the host has"),
            "{refusal}"
        );
        let (number, name) = connect(&hub, &[], pair, &plan).unwrap();
        assert_eq!((number, name.as_str()), (0, "apportion-0"));
    }
}
