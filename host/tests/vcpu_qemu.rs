//! The vCPUs of real QEMUs: found both ways, under shares, and back where they were.

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use apportion_host::vcpu::{ExistingVcpu, Placed, vcpus_of_machine, vcpus_of_process};
use apportion_host::{Adoption, Controller, Error, Qmp, Survey, System, Version};
use apportion_testbed::{guest, not_run};
use tempfile::TempDir;

const WINDOW: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(20);

/// A QEMU that emulates a machine whose firmware is a single jump to itself.
struct Machine {
    child: Child,
    folder: TempDir,
}

impl Machine {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut firmware = vec![0x90; 64 << 10];
        // Where the processor begins: jmp $.
        firmware[0xfff0..0xfff2].copy_from_slice(&[0xeb, 0xfe]);
        let path = folder.path().join("firmware");
        fs::write(&path, firmware).unwrap();
        let socket = folder.path().join("qmp");
        let mut command = Command::new(PROGRAM);
        command.args(["-accel", "tcg", "-m", "16", "-nodefaults", "-display", "none"]);
        command.args(["-name", "busy,debug-threads=on", "-bios"]).arg(&path);
        command.arg("-qmp").arg(format!("unix:{},server=on,wait=off", socket.display()));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        Self { child, folder }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("qmp")
    }

    /// Its only vCPU, once it answers.
    fn vcpu(&mut self) -> ExistingVcpu {
        for _ in 0..2_000 {
            assert_eq!(self.child.try_wait().unwrap(), None, "it does not start");
            if let Ok(mut qmp) = Qmp::connect(&self.socket(), PATIENCE) {
                let found = vcpus_of_machine(&mut qmp).unwrap();
                assert_eq!(found.len(), 1, "{found:?}");
                return found[0];
            }
            sleep(Duration::from_millis(10));
        }
        panic!("it does not answer");
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn groups(vcpu: ExistingVcpu) -> String {
    fs::read_to_string(format!("/proc/{}/cgroup", vcpu.thread)).unwrap()
}

/// Whether there are control groups of version 1 and a QEMU, or the line that says why not.
fn available(who: &str) -> bool {
    let survey = Survey::new(&System::default()).unwrap();
    match survey.places(&[Controller::Cpu]).remove(0) {
        (_, Ok(place)) if place.version == Version::V1 => {}
        (_, Ok(_)) => {
            not_run("cgroup-v1", who, "the controller of the CPU is of version 2 here");
            return false;
        }
        (_, Err(unavailable)) => {
            not_run("cgroup-v1", who, &unavailable.to_string());
            return false;
        }
    }
    let found = guest::emulator();
    if let Err(why) = &found {
        not_run("qemu", who, why);
    }
    found.is_ok()
}

#[test]
fn two_machines_three_to_one() {
    if !available("the vCPUs of two QEMUs under shares") {
        return;
    }
    let mut machines = [Machine::start(), Machine::start()];
    let vcpus = machines.each_mut().map(Machine::vcpu);
    for (machine, vcpu) in machines.iter().zip(vcpus) {
        let process = NonZeroU32::new(machine.child.id()).unwrap();
        assert_eq!(vcpu.process, process);
        assert_eq!(vcpus_of_process(process), Ok(vec![vcpu]));
    }
    let before = vcpus.map(groups);
    let rights = [(vcpus[0], 3), (vcpus[1], 1)]
        .map(|(vcpu, weight)| (vcpu, NonZeroU32::new(weight).unwrap(), None));
    let control = Adoption::open(&System::default()).unwrap();
    let placed = Placed::new(control, &rights, &[0]).unwrap();
    let start = placed.usage().unwrap();
    sleep(WINDOW);
    let end = placed.usage().unwrap();
    let used = [0, 1].map(|index| end[index].saturating_sub(start[index]).as_secs_f64());
    let share = used[0] / (used[0] + used[1]);
    let (one, other) = (100.0 * share, 100.0 * (1.0 - share));
    // Past the capture of the test harness.
    let _ = writeln!(
        io::stderr(),
        "measured: 3:1, two QEMUs: CPU {one:.2}:{other:.2} of 75:25 % decided"
    );
    placed.release().close().unwrap();
    assert!((share - 0.75).abs() < 0.01, "{share}");
    assert_eq!(vcpus.map(groups), before);
    // One that ends in the middle is no reason to fail.
    let control = Adoption::open(&System::default()).unwrap();
    let placed = Placed::new(control, &rights, &[]).unwrap();
    drop(machines);
    placed.release().close().unwrap();
    let control = Adoption::open(&System::default()).unwrap();
    let gone = Placed::new(control, &rights, &[]);
    assert!(matches!(gone, Err(Error::TaskEnded { .. })), "{gone:?}");
}

const PROGRAM: &str = "qemu-system-x86_64";
