//! The hierarchical token bucket on one interface: who may send how much.
//!
//! Below the root, which is the uplink, there is a class for each command, and one for what belongs
//! to none: requests for hardware addresses, and packets from addresses that were not given out.
//! A class sends what its rate lets it, and beyond that borrows from the root up to its limit, in
//! turns as long as its quantum. Source: `tc-htb(8)`, M. Devera, *HTB Linux queuing discipline
//! manual*, 2002; the kernel's `sch_htb.c`, `cls_u32.c`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use rustix::io::Errno;

use super::message::{Message, attribute, u32_at, u64_at};
use super::namespace::failed;
use super::plan::ClassRate;
use super::socket::Socket;
use crate::{Error, Unavailable};

/// Which address of a packet tells whose it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Direction {
    /// From the commands: the address that the packet comes from.
    Sent,
    /// To the commands: the address that it goes to.
    Received,
}

/// The queues of one interface.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    pub(super) socket: &'a Socket,
    pub(super) index: u32,
    /// The name of the interface, for errors.
    pub(super) name: &'a str,
}

/// What the kernel says of a class.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Class {
    pub(super) rate: u64,
    pub(super) limit: u64,
    pub(super) quantum: u32,
    /// Bytes sent, with the headers of Ethernet.
    pub(super) bytes: u64,
}

impl Queue<'_> {
    /// Sets up the root, of this rate in bytes per second, and the class of what belongs to nobody.
    pub(super) fn create(&self, root: ClassRate, others: ClassRate) -> Result<(), Error> {
        let fixed = self.fixed(ROOT_HANDLE, NO_PARENT, 0);
        let message = Message::new(NEW_QUEUE, CREATE, &fixed).with_text(KIND, "htb").with_nested(
            OPTIONS,
            &[],
            |options| options.with(HTB_INIT, &htb_globals()),
        );
        self.socket.execute(message).map_err(|errno| self.missing("htb", "SCH_HTB", errno))?;
        self.class(ROOT_CLASS, ROOT_HANDLE, root, CREATE)?;
        self.class(OTHERS_CLASS, ROOT_CLASS, others, CREATE)
    }

    /// Adds the class of the command of this number, and what finds its packets.
    pub(super) fn add(
        &self,
        number: u32,
        rate: ClassRate,
        direction: Direction,
        address: Ipv4Addr,
    ) -> Result<(), Error> {
        self.class(FIRST_CLASS + number, ROOT_CLASS, rate, CREATE)?;
        let fixed = self.fixed(0, ROOT_HANDLE, FILTER_INFO | u32::from(ETHERTYPE_IPV4.to_be()));
        let message = Message::new(NEW_FILTER, CREATE, &fixed).with_text(KIND, "u32").with_nested(
            OPTIONS,
            &[],
            |options| {
                options
                    .with_number(U32_CLASS, FIRST_CLASS + number)
                    .with(U32_SELECTOR, &selector(direction, address))
            },
        );
        self.socket.execute(message).map_err(|errno| self.missing("u32", "CLS_U32", errno))
    }

    /// Gives the class of the command of this number another rate.
    pub(super) fn change(&self, number: u32, rate: ClassRate) -> Result<(), Error> {
        self.class(FIRST_CLASS + number, ROOT_CLASS, rate, 0)
    }

    /// The classes of the commands, by number.
    pub(super) fn classes(&self) -> Result<BTreeMap<u32, Class>, Error> {
        let mut classes = BTreeMap::new();
        let message = || Message::new(GET_CLASS, 0, &self.fixed(0, 0, 0));
        self.socket
            .list(message, |reply| {
                if let Some((handle, class)) = read(reply.body)
                    && let Some(number) = handle.checked_sub(FIRST_CLASS)
                {
                    classes.insert(number, class);
                }
            })
            .map_err(|errno| failed("list the queues", self.name, errno))?;
        Ok(classes)
    }

    /// Reads back what was set.
    pub(super) fn verify(&self, wanted: &[ClassRate]) -> Result<(), Error> {
        let classes = self.classes()?;
        for (number, rate) in (0..).zip(wanted) {
            let words = |rate: u64, limit: u64, quantum: u32| {
                format!("rate {rate} B/s, ceil {limit} B/s, quantum {quantum} B")
            };
            let written = words(rate.rate, rate.limit, rate.quantum);
            let found = classes.get(&number).map_or_else(
                || "no class".to_owned(),
                |class| words(class.rate, class.limit, class.quantum),
            );
            if written != found {
                let class = FIRST_CLASS + number - ROOT_HANDLE;
                let path = PathBuf::from(format!("{} class 1:{class:x}", self.name));
                return Err(Error::NotApplied { path, written, found });
            }
        }
        Ok(())
    }

    fn class(&self, handle: u32, parent: u32, rate: ClassRate, flags: u16) -> Result<(), Error> {
        let message = Message::new(NEW_CLASS, flags, &self.fixed(handle, parent, 0))
            .with_text(KIND, "htb")
            .with_nested(OPTIONS, &[], |options| {
                options
                    .with(HTB_RATE64, &rate.rate.to_ne_bytes())
                    .with(HTB_LIMIT64, &rate.limit.to_ne_bytes())
                    .with(HTB_PARAMETERS, &htb_options(rate))
            });
        self.socket.execute(message).map_err(|errno| failed("set up a queue", self.name, errno))
    }

    /// `struct tcmsg`.
    fn fixed(&self, handle: u32, parent: u32, info: u32) -> [u8; TRAFFIC_MESSAGE] {
        let mut fixed = [0; TRAFFIC_MESSAGE];
        for (place, value) in fixed[4..].chunks_exact_mut(4).zip([self.index, handle, parent, info])
        {
            place.copy_from_slice(&value.to_ne_bytes());
        }
        fixed
    }

    /// An unknown kind of queue or filter is `ENOENT`.
    fn missing(&self, kind: &str, option: &str, errno: Errno) -> Error {
        if errno != Errno::NOENT {
            return failed("set up a queue", self.name, errno);
        }
        let prefix = option.split('_').next().unwrap_or_default().to_lowercase();
        Unavailable {
            what: format!("traffic control `{kind}`"),
            why: "the kernel does not know it (ENOENT)".to_owned(),
            fix: format!(
                "as root: `modprobe {prefix}_{kind}`, or boot a kernel that was built with CONFIG_NET_{option}=y"
            ),
        }
        .into()
    }
}

fn read(body: &[u8]) -> Option<(u32, Class)> {
    let handle = u32_at(body, 8)?;
    let rest = body.get(TRAFFIC_MESSAGE..)?;
    let options = attribute(rest, OPTIONS);
    let parameters = attribute(options, HTB_PARAMETERS);
    let rate = |kind, offset| {
        u64_at(attribute(options, kind), 0).or_else(|| u32_at(parameters, offset).map(u64::from))
    };
    let class = Class {
        rate: rate(HTB_RATE64, 8)?,
        limit: rate(HTB_LIMIT64, 20)?,
        quantum: u32_at(parameters, 32)?,
        bytes: u64_at(attribute(attribute(rest, STATISTICS), BASIC_STATISTICS), 0)?,
    };
    Some((handle, class))
}

/// `struct tc_htb_glob`.
fn htb_globals() -> [u8; 20] {
    let mut bytes = [0; 20];
    let values = [HTB_VERSION, RATE_TO_QUANTUM, OTHERS_CLASS - ROOT_HANDLE];
    for (place, value) in bytes.chunks_exact_mut(4).zip(values) {
        place.copy_from_slice(&value.to_ne_bytes());
    }
    bytes
}

/// `struct tc_htb_opt`: two times `struct tc_ratespec`, and numbers.
fn htb_options(rate: ClassRate) -> [u8; 44] {
    let mut bytes = [0; 44];
    for (place, bytes_per_second) in bytes[..24].chunks_exact_mut(12).zip([rate.rate, rate.limit]) {
        place[1] = ETHERNET;
        let rate = u32::try_from(bytes_per_second).unwrap_or(u32::MAX);
        place[8..].copy_from_slice(&rate.to_ne_bytes());
    }
    let numbers = [rate.burst(rate.rate), rate.burst(rate.limit), rate.quantum];
    for (place, value) in bytes[24..].chunks_exact_mut(4).zip(numbers) {
        place.copy_from_slice(&value.to_ne_bytes());
    }
    bytes
}

/// `struct tc_u32_sel` with one key: an address in the header of IPv4.
fn selector(direction: Direction, address: Ipv4Addr) -> [u8; 32] {
    let offset = match direction {
        Direction::Sent => 12_u32,
        Direction::Received => 16,
    };
    let mut bytes = [0; 32];
    bytes[0] = U32_TERMINAL;
    bytes[2] = 1;
    bytes[16..20].copy_from_slice(&[0xff; 4]);
    bytes[20..24].copy_from_slice(&address.octets());
    bytes[24..28].copy_from_slice(&offset.to_ne_bytes());
    bytes
}

/// `NLM_F_CREATE`.
const CREATE: u16 = 0x400;
/// `RTM_NEWQDISC`, `RTM_NEWTCLASS`, `RTM_GETTCLASS`, `RTM_NEWTFILTER`.
const NEW_QUEUE: u16 = 36;
const NEW_CLASS: u16 = 40;
const GET_CLASS: u16 = 42;
const NEW_FILTER: u16 = 44;
/// Bytes of `struct tcmsg`; `TC_H_ROOT`; the classes `1:0`, `1:1`, `1:2`, `1:10`.
const TRAFFIC_MESSAGE: usize = 20;
const NO_PARENT: u32 = 0xffff_ffff;
const ROOT_HANDLE: u32 = 0x1_0000;
const ROOT_CLASS: u32 = 0x1_0001;
const OTHERS_CLASS: u32 = 0x1_0002;
const FIRST_CLASS: u32 = 0x1_0010;
/// `TCA_KIND`, `TCA_OPTIONS`, `TCA_STATS2`, `TCA_STATS_BASIC`.
const KIND: u16 = 1;
const OPTIONS: u16 = 2;
const STATISTICS: u16 = 7;
const BASIC_STATISTICS: u16 = 1;
/// `TCA_HTB_PARMS`, `_INIT`, `_RATE64`, `_CEIL64`.
const HTB_PARAMETERS: u16 = 1;
const HTB_INIT: u16 = 2;
const HTB_RATE64: u16 = 6;
const HTB_LIMIT64: u16 = 7;
/// What the kernel asks for; the divisor serves classes without a quantum, of which there are none.
const HTB_VERSION: u32 = 3;
const RATE_TO_QUANTUM: u32 = 10;
/// `TC_LINKLAYER_ETHERNET`, so that no table of rates is needed.
const ETHERNET: u8 = 1;
/// `TCA_U32_CLASSID`, `TCA_U32_SEL`, `TC_U32_TERMINAL`.
const U32_CLASS: u16 = 1;
const U32_SELECTOR: u16 = 5;
const U32_TERMINAL: u8 = 1;
/// The priority 1 in the upper half, the protocol in the lower.
const FILTER_INFO: u32 = 1 << 16;
const ETHERTYPE_IPV4: u16 = 0x0800;
