//! Interfaces, addresses and routes of a namespace.
//!
//! Source: `rtnetlink(7)`, `veth(4)`, the kernel's `if_link.h`.

use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;

use super::message::{Message, attribute, u32_at};
use super::namespace::failed;
use super::socket::Socket;
use crate::{Error, Unavailable};

/// Two interfaces, of which each gets what is sent to the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    /// The name of the end here.
    pub(super) name: &'a str,
    /// The bridge that the end here is put into and used at once.
    pub(super) bridge: u32,
    /// The name of the other end, which is down at first.
    pub(super) other: &'a str,
    /// Where the other end is.
    pub(super) place: BorrowedFd<'a>,
    /// How many packets wait in each of its queues.
    pub(super) queue: u32,
    /// Of how many packets a sender makes one.
    pub(super) segments: u32,
}

impl Pair<'_> {
    /// Creates the pair. `EEXIST` says that the name is taken at the other end.
    pub(super) fn create(&self, socket: &Socket) -> Result<(), Errno> {
        let sizes = |end: Message| {
            end.with_number(QUEUE_LENGTH, self.queue).with_number(SEGMENTS, self.segments)
        };
        let place = self.place.as_raw_fd().cast_unsigned();
        let here = Message::new(NEW_LINK, CREATE, &interface(0, UP)).with_text(NAME, self.name);
        let message = sizes(here).with_number(MASTER, self.bridge).with_nested(KIND, &[], |kind| {
            kind.with_text(KIND_NAME, "veth").with_nested(KIND_DATA, &[], |data| {
                data.with_nested(PEER, &interface(0, 0), |peer| {
                    sizes(peer).with_text(NAME, self.other).with_number(PLACE, place)
                })
            })
        });
        socket.execute(message)
    }
}

/// Creates a bridge, starts to use it, and returns its number.
pub(super) fn create_bridge(socket: &Socket, name: &str) -> Result<u32, Error> {
    let message = Message::new(NEW_LINK, CREATE, &interface(0, 0))
        .with_text(NAME, name)
        .with_nested(KIND, &[], |kind| kind.with_text(KIND_NAME, "bridge"));
    socket.execute(message).map_err(|errno| link_error("bridge", "CONFIG_BRIDGE", name, errno))?;
    let index = index(socket, name)?;
    start(socket, index, name)?;
    Ok(index)
}

/// What the failure to create an interface means.
pub(super) fn link_error(kind: &str, option: &str, name: &str, errno: Errno) -> Error {
    match errno {
        Errno::OPNOTSUPP => Unavailable {
            what: format!("network interfaces of kind {kind}"),
            why: "the kernel knows none (EOPNOTSUPP)".to_owned(),
            fix: format!(
                "as root: `modprobe {kind}`, or boot a kernel that was built with {option}=y"
            ),
        }
        .into(),
        Errno::PERM => Unavailable {
            what: "setting up network interfaces".to_owned(),
            why: "the kernel does not let this user (EPERM)".to_owned(),
            fix: "run as root, or with the capabilities CAP_SYS_ADMIN and CAP_NET_ADMIN".to_owned(),
        }
        .into(),
        errno => failed("create an interface", name, errno),
    }
}

/// The number of an interface.
pub(super) fn index(socket: &Socket, name: &str) -> Result<u32, Error> {
    let message = Message::new(GET_LINK, 0, &interface(0, 0)).with_text(NAME, name);
    socket
        .ask(message, |reply| u32_at(reply.body, 4))
        .map_err(|errno| failed("find the interface", name, errno))
}

/// Starts to use an interface. It gets no address of IPv6 of its own, which nobody would count.
pub(super) fn start(socket: &Socket, index: u32, name: &str) -> Result<(), Error> {
    let message =
        Message::new(NEW_LINK, 0, &interface(index, 0)).with_nested(FAMILIES, &[], |all| {
            all.with_nested(INET6, &[], |family| family.with(ADDRESS_MODE, &[NO_ADDRESS]))
        });
    match socket.execute(message) {
        // A kernel that knows no IPv6 gives no such address either.
        Ok(()) | Err(Errno::AFNOSUPPORT | Errno::OPNOTSUPP) => {}
        Err(errno) => return Err(failed("keep IPv6 from the interface", name, errno)),
    }
    start_as_it_is(socket, index, name)
}

/// Starts to use the loopback interface.
pub(super) fn start_loopback(socket: &Socket) -> Result<(), Error> {
    start_as_it_is(socket, LOOPBACK, "lo")
}

/// Says of an interface, in words, whose it is.
pub(super) fn describe(socket: &Socket, index: u32, name: &str, words: &str) -> Result<(), Error> {
    let message =
        Message::new(NEW_LINK, 0, &interface(index, 0)).with(DESCRIPTION, words.as_bytes());
    socket.execute(message).map_err(|errno| failed("describe the interface", name, errno))
}

/// Gives an interface an address, and with it the way to all that begin with the same 24 bits.
pub(super) fn add_address(
    socket: &Socket,
    index: u32,
    name: &str,
    address: Ipv4Addr,
) -> Result<(), Error> {
    let [a, b, c, d] = index.to_ne_bytes();
    let message = Message::new(NEW_ADDRESS, CREATE, &[INET, PREFIX, 0, 0, a, b, c, d])
        .with(LOCAL_ADDRESS, &address.octets())
        .with(ADDRESS, &address.octets());
    socket.execute(message).map_err(|errno| failed("add an address to the interface", name, errno))
}

/// Sends what has no other way through a neighbour.
pub(super) fn add_default_route(socket: &Socket, through: Ipv4Addr) -> Result<(), Error> {
    let fixed = [INET, 0, 0, 0, MAIN_TABLE, STATIC, 0, UNICAST, 0, 0, 0, 0];
    let message = Message::new(NEW_ROUTE, CREATE, &fixed).with(GATEWAY, &through.octets());
    socket
        .execute(message)
        .map_err(|errno| failed("add the default route", &through.to_string(), errno))
}

/// Removes an interface, and with it its other end. One that is gone already is no error.
pub(super) fn remove(socket: &Socket, index: u32, name: &str) -> Result<(), Error> {
    match socket.execute(Message::new(DELETE_LINK, 0, &interface(index, 0))) {
        Ok(()) | Err(Errno::NODEV) => Ok(()),
        Err(errno) => Err(failed("remove the interface", name, errno)),
    }
}

/// The networks that a namespace has an address in or a way to, but for the default ones: their
/// address and how many bits of it count.
pub(super) fn networks(socket: &Socket) -> Result<Vec<(Ipv4Addr, u8)>, Error> {
    let mut found = Vec::new();
    for (kind, fixed, wanted) in
        [(GET_ADDRESS, ADDRESS_MESSAGE, ADDRESS), (GET_ROUTE, ROUTE_MESSAGE, DESTINATION)]
    {
        let message = || {
            let mut body = vec![0; fixed];
            body[0] = INET;
            Message::new(kind, 0, &body)
        };
        socket
            .list(message, |reply| {
                let Some(&[_, bits]) = reply.body.first_chunk() else { return };
                let address = attribute(reply.body.get(fixed..).unwrap_or(&[]), wanted);
                if let (Some(octets), 1..=32) = (address.first_chunk::<4>(), bits) {
                    found.push((Ipv4Addr::from(*octets), bits));
                }
            })
            .map_err(|errno| failed("list the addresses in use", "netlink", errno))?;
    }
    Ok(found)
}

fn start_as_it_is(socket: &Socket, index: u32, name: &str) -> Result<(), Error> {
    socket
        .execute(Message::new(NEW_LINK, 0, &interface(index, UP)))
        .map_err(|errno| failed("start to use the interface", name, errno))
}

/// `struct ifinfomsg`: of the flags, those that are set are the ones that change.
fn interface(index: u32, flags: u32) -> [u8; INTERFACE_MESSAGE] {
    let mut fixed = [0; INTERFACE_MESSAGE];
    fixed[4..8].copy_from_slice(&index.to_ne_bytes());
    fixed[8..12].copy_from_slice(&flags.to_ne_bytes());
    fixed[12..16].copy_from_slice(&flags.to_ne_bytes());
    fixed
}

/// `NLM_F_CREATE | NLM_F_EXCL`.
const CREATE: u16 = 0x600;
/// `RTM_NEWLINK`, `RTM_DELLINK`, `RTM_GETLINK` and the like.
const NEW_LINK: u16 = 16;
const DELETE_LINK: u16 = 17;
const GET_LINK: u16 = 18;
const NEW_ADDRESS: u16 = 20;
const GET_ADDRESS: u16 = 22;
const NEW_ROUTE: u16 = 24;
const GET_ROUTE: u16 = 26;
/// Bytes of `struct ifinfomsg`, `ifaddrmsg`, `rtmsg`.
const INTERFACE_MESSAGE: usize = 16;
const ADDRESS_MESSAGE: usize = 8;
const ROUTE_MESSAGE: usize = 12;
/// `IFF_UP`, and the number that `lo` has in each namespace.
const UP: u32 = 1;
const LOOPBACK: u32 = 1;
/// `IFLA_IFNAME`, `_MASTER`, `_TXQLEN`, `_LINKINFO`, `_IFALIAS`, `_AF_SPEC`, `_NET_NS_FD`,
/// `_GSO_MAX_SEGS`.
const NAME: u16 = 3;
const MASTER: u16 = 10;
const QUEUE_LENGTH: u16 = 13;
const KIND: u16 = 18;
const DESCRIPTION: u16 = 20;
const FAMILIES: u16 = 26;
const PLACE: u16 = 28;
const SEGMENTS: u16 = 40;
/// `IFLA_INFO_KIND`, `IFLA_INFO_DATA`, `VETH_INFO_PEER`.
const KIND_NAME: u16 = 1;
const KIND_DATA: u16 = 2;
const PEER: u16 = 1;
/// `AF_INET6`, `IFLA_INET6_ADDR_GEN_MODE`, `IN6_ADDR_GEN_MODE_NONE`.
const INET6: u16 = 10;
const ADDRESS_MODE: u16 = 8;
const NO_ADDRESS: u8 = 1;
/// `AF_INET`, the bits of our networks, `IFA_ADDRESS`, `IFA_LOCAL`.
const INET: u8 = 2;
const PREFIX: u8 = 24;
const ADDRESS: u16 = 1;
const LOCAL_ADDRESS: u16 = 2;
/// `RT_TABLE_MAIN`, `RTPROT_STATIC`, `RTN_UNICAST`, `RTA_DST`, `RTA_GATEWAY`.
const MAIN_TABLE: u8 = 254;
const STATIC: u8 = 4;
const UNICAST: u8 = 1;
const DESTINATION: u16 = 1;
const GATEWAY: u16 = 5;
