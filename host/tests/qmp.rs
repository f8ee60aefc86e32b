//! A QEMU that follows a script, and threads that have the names of vCPUs.

use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU32;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use apportion_host::vcpu::{
    Behaviour, Threads, VcpuId, VcpuPool, vcpus_of_machine, vcpus_of_process,
};
use apportion_host::{Error, Qmp, QmpError};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use tempfile::TempDir;

const GREETING: &str = r#"{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}}, "capabilities": ["oob"]}}"#;
const PATIENCE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(50);

/// Answers a client: first `greeting`, then each of its lines by one of `answers`, then waits until
/// it goes.
struct Machine {
    folder: TempDir,
    thread: Option<JoinHandle<Vec<String>>>,
}

impl Machine {
    fn new(greeting: &str, answers: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("qmp")).unwrap();
        let greeting = greeting.to_owned();
        let answers: Vec<_> = answers.iter().map(|&answer| answer.to_owned()).collect();
        let serve = move || serve(&listener.accept().unwrap().0, &greeting, &answers);
        Self { folder, thread: Some(Builder::new().spawn(serve).unwrap()) }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("qmp")
    }

    /// What the client has said, once it has gone.
    fn heard(&mut self) -> Vec<String> {
        self.thread.take().unwrap().join().unwrap()
    }
}

fn serve(socket: &UnixStream, greeting: &str, answers: &[String]) -> Vec<String> {
    let mut writer = socket;
    let mut lines = BufReader::new(socket).lines();
    let mut heard = Vec::new();
    // The client may go at any time.
    let _ = writer.write_all(greeting.as_bytes());
    for answer in answers {
        let Some(Ok(line)) = lines.next() else { return heard };
        heard.push(line);
        let _ = writer.write_all(answer.as_bytes());
    }
    if !answers.is_empty() {
        heard.extend(lines.map_while(Result::ok));
    }
    heard
}

fn refusal(greeting: &str, answers: &[&str], patience: Duration) -> Error {
    let machine = Machine::new(greeting, answers);
    let qmp = Qmp::connect(&machine.path(), patience);
    qmp.and_then(|mut qmp| vcpus_of_machine(&mut qmp)).unwrap_err()
}

#[test]
fn a_machine_tells_its_threads() {
    let runner = Threads::new(&[Behaviour::Busy; 2]).unwrap();
    let [first, second] = [runner.threads()[0], runner.threads()[1]];
    let answer = format!(
        r#"{{"timestamp": {{"seconds": 1}}, "event": "RESUME"}}

{{"return": [
{{"thread-id": {second}, "cpu-index": 1, "target": "x86_64", "new": {{"field": []}}}},
{{"thread-id": {first}, "cpu-index": 0, "props": {{"core-id": 0}}}}]}}
"#
    )
    .replace("[\n", "[")
    .replace(",\n", ",");
    let mut machine =
        Machine::new(&format!("{GREETING}\r\n"), &["{\"return\": {}}\r\n", answer.as_str()]);
    let mut qmp = Qmp::connect(&machine.path(), PATIENCE).unwrap();
    let found = vcpus_of_machine(&mut qmp).unwrap();
    drop(qmp);
    let own = NonZeroU32::new(std::process::id()).unwrap();
    let listed: Vec<_> = found.iter().map(|it| (it.vcpu, it.thread, it.process)).collect();
    assert_eq!(listed, [(VcpuId::new(0), first, own), (VcpuId::new(1), second, own)]);
    let heard = machine.heard();
    assert_eq!(heard, [r#"{"execute":"qmp_capabilities"}"#, r#"{"execute":"query-cpus-fast"}"#]);
    // By their names it finds the same, and maybe those of a test beside this one.
    let by_name = vcpus_of_process(own).unwrap();
    assert!(found.iter().all(|vcpu| by_name.contains(vcpu)), "{by_name:?}");
}

#[test]
fn what_is_no_qemu() {
    let taken = "{\"return\": {}}\n";
    for (greeting, answers, expected) in [
        ("", &[][..], "the connection was closed"),
        ("220 mail.example.org ESMTP\n", &[""], "expected a line of JSON, found `220 mail"),
        ("{\"hello\": 1}\n", &[""], "expected the greeting of QEMU, found `{\"hello\":1}`"),
        ("[1]\n", &[""], "expected the greeting of QEMU, found `[1]`"),
    ] {
        let error = refusal(greeting, answers, PATIENCE).to_string();
        assert!(error.contains(expected), "{greeting}: {error}");
    }
    let greeting = format!("{GREETING}\n");
    for (answer, expected) in [
        ("{\"return\": {}}\n", "expected a list of vCPUs with `cpu-index` and `thread-id`, found"),
        ("{\"return\": [{\"cpu-index\": 0}]}\n", "expected a list of vCPUs"),
        ("{\"return\": [{\"cpu-index\": 0, \"thread-id\": -1}]}\n", "expected a list of vCPUs"),
        ("{\"return\": [{\"cpu-index\": 0, \"thread-id\": 4294967295}]}\n", "cannot read: No such"),
        ("{\"id\": 3}\n", "expected an answer or an event, found `{\"id\":3}`"),
        (
            "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The command is unknown\"}}\n",
            "`query-cpus-fast` was refused: The command is unknown",
        ),
    ] {
        let error = refusal(&greeting, &[taken, answer], PATIENCE).to_string();
        assert!(error.contains(expected), "{answer}: {error}");
    }
}

#[test]
fn nobody_waits_for_ever() {
    let silent = refusal("", &[""], SHORT);
    assert!(matches!(silent, Error::Qmp(QmpError::Silent { waited: SHORT, .. })), "{silent}");
    // Events without end, or a line without end.
    let greeting = format!("{GREETING}\n");
    let events = "{\"event\": \"RTC_CHANGE\"}\n".repeat(1000);
    let silent = refusal(&greeting, &["{\"return\": {}}\n", &events], SHORT * 10);
    assert!(matches!(silent, Error::Qmp(QmpError::Silent { .. })), "{silent}");
    let long = refusal(&"x".repeat(3 << 20), &[""], PATIENCE);
    assert!(matches!(long, Error::Qmp(QmpError::Unexpected { .. })), "{long}");
    assert!(long.to_string().len() < 300);
}

#[test]
fn a_socket_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["qmp", &"x".repeat(200)] {
        let path = folder.path().join(name);
        let error = Qmp::connect(&path, PATIENCE).unwrap_err();
        assert!(matches!(&error, Error::System { path: found, .. } if *found == path), "{error}");
    }
}

#[test]
fn a_queue_in_front_of_the_socket_is_waited_in_with_patience() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("qmp");
    let kind = (AddressFamily::UNIX, SocketType::STREAM);
    let socket = rustix::net::socket(kind.0, kind.1, None).unwrap();
    rustix::net::bind(&socket, &SocketAddrUnix::new(&path).unwrap()).unwrap();
    rustix::net::listen(&socket, 0).unwrap();
    // Nobody accepts: one waits in the queue, and there is room for no other.
    let _first = UnixStream::connect(&path).unwrap();
    let error = Qmp::connect(&path, SHORT).unwrap_err();
    assert_eq!(error, QmpError::Silent { path, waited: SHORT }.into());
}
