//! What is left of a network: nothing.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use apportion_host::NetworkControl;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

use crate::stage::{inside, interfaces, network};

/// To be called first in `main`: if this process was started by one of the tests here, it never
/// returns.
pub(crate) fn play_an_owner_if_asked() {
    match env::var(ASKED).as_deref() {
        Ok(KILLED) => owner_that_is_killed(),
        Ok(FEW_FILES) => owner_with_few_files(),
        _ => return,
    }
    std::process::exit(0);
}

pub(crate) fn after_closing_or_a_panic() {
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
}

pub(crate) fn two_at_once() {
    let networks: Vec<_> = thread::scope(|scope| {
        // A thread begins in the namespace of the one that started it.
        let make = || network("1Mbit", &[(1, None)]).unwrap();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(interfaces_of_ours().len(), networks.len());
    for network in &networks {
        let number = network.interface().strip_prefix("apportion-").unwrap().parse().unwrap();
        assert_eq!(network.host_address(), Ipv4Addr::new(10, 213, number, 1));
    }
    drop(networks);
    assert_eq!(interfaces_of_ours(), <[&str; 0]>::default());
}

pub(crate) fn after_a_kill() {
    let mut owner = Owner::start(KILLED);
    let line = owner.line("sleeper");
    let sleeper = Sleeper(Pid::from_raw(line.parse().unwrap()).unwrap());
    assert_eq!(interfaces_of_ours(), ["apportion-0"]);
    assert_eq!(sleeper.interfaces(), ["eth0", "lo"]);
    owner.0.kill().unwrap();
    owner.0.wait().unwrap();
    // The kernel takes namespaces down in the background.
    eventually(|| interfaces_of_ours().is_empty());
    eventually(|| sleeper.interfaces() == ["lo"]);
}

#[expect(clippy::zombie_processes, reason = "it is killed before it can wait for it")]
fn owner_that_is_killed() {
    let network = network("1Mbit", &[(1, None), (1, None)]).unwrap();
    let sleeper = inside(&network, "a", || {
        Command::new("sleep").arg("30").stdout(Stdio::null()).spawn().unwrap()
    });
    println!("sleeper {}", sleeper.id());
    thread::sleep(Duration::from_secs(20));
}

pub(crate) fn after_a_failure() {
    let mut owner = Owner::start(FEW_FILES);
    let refusal = owner.line("refusal");
    assert!(refusal.ends_with("Too many open files (os error 24)"), "{refusal}");
    eventually(|| interfaces_of_ours().is_empty());
    assert!(owner.0.wait().unwrap().success());
}

fn owner_with_few_files() {
    let open = fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(open + 5), ..limit }).unwrap();
    let refusal = network("1Mbit", &[(1, None); 4]).unwrap_err();
    setrlimit(Resource::Nofile, limit).unwrap();
    println!("refusal {refusal}");
}

fn interfaces_of_ours() -> Vec<String> {
    let mut names = interfaces("thread-self");
    names.retain(|name| name.starts_with("apportion-"));
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

/// This program again, owning a network below the namespace of the calling thread.
struct Owner(Child);

impl Owner {
    fn start(role: &str) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        Self(command.env(ASKED, role).stdout(Stdio::piped()).spawn().unwrap())
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
        interfaces(&self.0.as_raw_nonzero().to_string())
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::KILL);
    }
}

/// The variable that tells this program which owner to play.
const ASKED: &str = "APPORTION_TEST_NETWORK_OWNER";
const KILLED: &str = "killed";
const FEW_FILES: &str = "few files";
