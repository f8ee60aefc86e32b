//! `apportion run` with a network: what each command sent is what its share let it.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use apportion_host::Network;
use rustix::thread::UnshareFlags;
use serde_json::Value;

/// The host is a network namespace of its own, so the traffic stays within what the test made.
#[test]
fn what_is_sent_follows_the_weights_and_limits() {
    let who = "what is sent follows the weights and limits";
    if let Err(error) = Network::probe() {
        return apportion_testbed::not_run("network", who, &error.to_string());
    }
    let Some(_alone) = crate::machine::groups(who) else { return };
    thread::scope(|scope| {
        let host = scope.spawn(play);
        if let Err(panic) = host.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

fn play() {
    #[expect(deprecated, reason = "the network alone is separated, and this thread ends with it")]
    rustix::thread::unshare(UnshareFlags::NEWNET).unwrap();
    // The commands' network has not been set up yet, so it listens on all addresses.
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spec.toml");
    let program = format!("exec cat /dev/zero > /dev/tcp/10.213.0.1/{port}");
    let spec = SPEC.replace("PROGRAM", &format!("[\"bash\", \"-c\", \"{program}\"]"));
    fs::write(&path, spec).unwrap();

    let over = AtomicBool::new(false);
    #[expect(clippy::disallowed_methods, reason = "how long the program takes, from outside")]
    let begun = Instant::now();
    let output = thread::scope(|scope| {
        let _end = End(&over);
        scope.spawn(|| take_what_comes(&listener, &over));
        let mut command = Command::new(env!("CARGO_BIN_EXE_apportion"));
        command.arg("run").arg(&path).args(["--for", "3s", "--json"]).output().unwrap()
    });
    // The commands send for no longer than that, which is more than the three seconds if the machine
    // is busy.
    let longest = begun.elapsed().as_secs_f64() / 3.0;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let list: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let megabits = |at: usize| list[at]["sent_bytes"].as_f64().unwrap() * 8.0 / 1e6 / 3.0;
    let found = [megabits(0), megabits(1), megabits(2)];
    println!("measured: {found:.2?} Mbit/s, expected 4, 12, 4");
    // Who starts earlier has the uplink with fewer others for a moment.
    for (found, expected, most) in
        [(found[0], 4.0, 5.0), (found[1], 12.0, 15.0), (found[2], 4.0, 4.2)]
    {
        let range = expected * 0.8..most * longest;
        assert!(range.contains(&found), "{found} Mbit/s of {expected}");
    }
    let sum: f64 = found.iter().sum();
    assert!(sum < 20.4 * longest, "{sum} Mbit/s of 20");
    assert!(list[0]["received_bytes"].as_u64().unwrap() > 0);
    assert!(list[3].get("sent_bytes").is_none());
    let left = fs::read_to_string("/proc/thread-self/net/dev").unwrap();
    assert!(!left.contains("apportion-"), "{left}");
}

/// Takes connections and what they send, until it is over.
fn take_what_comes(listener: &TcpListener, over: &AtomicBool) {
    listener.set_nonblocking(true).unwrap();
    let mut streams = Vec::new();
    let mut piece = vec![0; 1 << 16];
    while !over.load(Ordering::Relaxed) {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(true).unwrap();
            streams.push(stream);
        }
        for stream in &mut streams {
            while stream.read(&mut piece).is_ok_and(|length| length > 0) {}
        }
        thread::sleep(Duration::from_millis(1));
    }
}

struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

const SPEC: &str = r#"
[network]
bandwidth = "20Mbit"

[[command]]
name = "a"
run = PROGRAM
bandwidth-weight = 1

[[command]]
name = "b"
run = PROGRAM
bandwidth-weight = 3

[[command]]
name = "c"
run = PROGRAM
bandwidth-weight = 9
bandwidth-limit = "4Mbit"

[[command]]
name = "outside"
run = ["sleep", "10"]
"#;
