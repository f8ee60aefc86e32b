//! A host of our own, and traffic to and from it.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use apportion_host::{BitsPerSecond, Error, Network, NetworkPlan, NetworkShare};
use rustix::net::sockopt::set_socket_send_buffer_size;
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

/// Plays `test` in a network namespace that is new and empty. If this machine has none, or no
/// queues, it is not run.
pub(crate) fn on_a_host_of_its_own(who: &str, test: impl FnOnce() + Send) {
    if let Err(error) = Network::probe() {
        apportion_testbed::not_run("network", who, &error.to_string());
        return;
    }
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            leave_the_host();
            test();
        });
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

#[expect(unsafe_code, reason = "a new namespace is a call of the system that rustix marks unsafe")]
fn leave_the_host() {
    // SAFETY: the flag separates the network alone; the table of descriptors stays shared.
    unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.unwrap();
}

/// A network of the commands `a`, `b`, … with these weights and limits.
pub(crate) fn network(uplink: &str, shares: &[(u64, Option<&str>)]) -> Result<Network, Error> {
    Network::create(&NetworkPlan::new(bandwidth(uplink)), &named(shares))
}

/// Shares of the commands `a`, `b`, ….
pub(crate) fn named(shares: &[(u64, Option<&str>)]) -> Vec<NetworkShare> {
    let share = |(name, (weight, limit)): (&str, &(u64, Option<&str>))| NetworkShare {
        name: name.parse().unwrap(),
        weight: (*weight).try_into().unwrap(),
        limit: limit.map(bandwidth),
    };
    NAMES.into_iter().zip(shares).map(share).collect()
}

pub(crate) fn bandwidth(text: &str) -> BitsPerSecond {
    text.parse().unwrap()
}

/// The interfaces of the namespace of a process: `thread-self` or a number.
pub(crate) fn interfaces(process: &str) -> Vec<String> {
    names(&fs::read_to_string(format!("/proc/{process}/net/dev")).unwrap())
}

/// The interfaces in a table of what they have carried, by name.
pub(crate) fn names(table: &str) -> Vec<String> {
    let lines = table.lines().skip(2).filter_map(|line| line.split_once(':'));
    let mut names: Vec<_> = lines.map(|(name, _)| name.trim().to_owned()).collect();
    names.sort();
    names
}

/// Who sends to whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    ToHost,
    FromHost,
}

/// Streams between the host and its commands, and the bytes that arrived of each.
#[derive(Debug)]
pub(crate) struct Traffic {
    arrived: Vec<AtomicU64>,
    stopped: Vec<AtomicBool>,
    over: AtomicBool,
}

impl Traffic {
    /// Traffic of the first so many commands.
    pub(crate) fn new(commands: usize) -> Self {
        Self {
            arrived: (0..commands).map(|_| AtomicU64::new(0)).collect(),
            stopped: (0..commands).map(|_| AtomicBool::new(false)).collect(),
            over: AtomicBool::new(false),
        }
    }

    /// Plays the traffic while `watch` runs, and then ends it, also if `watch` panics.
    pub(crate) fn play(&self, network: &mut Network, way: Way, watch: impl FnOnce(&mut Network)) {
        let listener = TcpListener::bind((network.host_address(), 0)).unwrap();
        let host = listener.local_addr().unwrap();
        thread::scope(|scope| {
            let _end = End(&self.over);
            for (number, name) in NAMES[..self.arrived.len()].iter().enumerate() {
                let command = connect(network, name, host).unwrap();
                let (host, peer) = listener.accept().unwrap();
                assert_eq!(peer.ip(), network.address(&name.parse().unwrap()).unwrap());
                scope.spawn(move || self.carry(number, command, way == Way::ToHost));
                scope.spawn(move || self.carry(number, host, way == Way::FromHost));
            }
            settle();
            watch(network);
        });
    }

    /// Lets a command send, or be sent to, no more.
    pub(crate) fn stop(&self, command: usize) {
        self.stopped[command].store(true, Ordering::Relaxed);
        settle();
    }

    /// The bits that arrived for each command in so many seconds, per second.
    pub(crate) fn measure(&self, seconds: f64) -> Vec<f64> {
        let arrived = || self.arrived.iter().map(|bytes| bytes.load(Ordering::Relaxed));
        let (begin, before) = (now(), arrived().collect::<Vec<_>>());
        thread::sleep(Duration::from_secs_f64(seconds));
        let (after, passed) = (arrived().collect::<Vec<_>>(), begin.elapsed().as_secs_f64());
        let rate = |(after, before): (u64, u64)| 8.0 * as_float(after - before) / passed;
        after.into_iter().zip(before).map(rate).collect()
    }

    /// Sends, or takes what comes, until it is over.
    fn carry(&self, number: usize, mut stream: TcpStream, send: bool) {
        // So that little is under way when it stops.
        set_socket_send_buffer_size(&stream, 32 * 1024).unwrap();
        stream.set_write_timeout(Some(PATIENCE / 50)).unwrap();
        stream.set_read_timeout(Some(PATIENCE / 50)).unwrap();
        let mut piece = vec![7; 16 * 1024];
        let begin = now();
        while !self.over.load(Ordering::Relaxed) && begin.elapsed() < LONGEST {
            if send && self.stopped[number].load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(5));
            } else if send {
                let _ = stream.write(&piece);
            } else if let Ok(length) = stream.read(&mut piece) {
                self.arrived[number].fetch_add(length as u64, Ordering::Relaxed);
            }
        }
    }
}

/// Connects from the namespace of a command.
pub(crate) fn connect(network: &Network, name: &str, to: SocketAddr) -> io::Result<TcpStream> {
    inside(network, name, || TcpStream::connect_timeout(&to, PATIENCE))
}

/// Does something in the namespace of a command. A socket that is opened there stays there.
pub(crate) fn inside<T: Send>(network: &Network, name: &str, act: impl FnOnce() -> T + Send) -> T {
    let place = network.namespace(&name.parse().unwrap()).unwrap();
    thread::scope(|scope| {
        let thread = scope.spawn(move || {
            move_into_link_name_space(place, Some(LinkNameSpaceType::Network)).unwrap();
            act()
        });
        thread.join().unwrap()
    })
}

struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits until what was under way has arrived.
pub(crate) fn settle() {
    thread::sleep(SETTLING);
}

pub(crate) fn assert_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    println!("measured: {what}: {found:.3?}, expected {expected:.3?} within {tolerance:.3}");
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance, "{what}: {found} instead of {expected}");
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes of some seconds are far below 2^53")]
pub(crate) fn as_float(bytes: u64) -> f64 {
    bytes as f64
}

#[expect(clippy::disallowed_methods, reason = "rates are bytes per second of real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const PATIENCE: Duration = Duration::from_secs(5);
/// What is under way when something changes has arrived after this.
const SETTLING: Duration = Duration::from_millis(500);
/// No traffic goes on for longer than this, whatever happens.
const LONGEST: Duration = Duration::from_secs(15);
