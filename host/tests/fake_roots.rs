//! What is said where a machine lacks something: trees of files in the place of machines.

mod machine;

use std::fs;
use std::path::{Path, PathBuf};

use apportion_host::{
    Cgroups, Controller, Error, Owner, Place, Survey, Unavailable, Version, probe, sweep,
};
use machine::{Machine, as_nobody, mark};

const V1: &str = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct\n";
const V2: &str = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const BUILT: &str = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n\
                     cpu\t1\t1\t1\ncpuacct\t1\t1\t1\nmemory\t0\t1\t0\nio\t0\t1\t1\n";

fn place(machine: &Machine, controller: Controller) -> Result<Place, Unavailable> {
    let survey = Survey::new(&machine.system).unwrap();
    survey.places(&[controller]).pop().unwrap().1
}

#[track_caller]
fn refusal(machine: &Machine, controller: Controller) -> Unavailable {
    let unavailable = place(machine, controller).unwrap_err();
    assert!(unavailable.what.starts_with("cgroup controller "), "{unavailable}");
    assert!(!unavailable.fix.is_empty());
    unavailable
}

#[test]
fn the_group_that_we_are_in_is_found_in_its_hierarchy() {
    let machine = Machine::new(V1, "3:cpu,cpuacct:/a b/c\n0::/\n", BUILT);
    machine.folder("sys/fs/cgroup/cpu/a b/c");
    let place = place(&machine, Controller::Cpu).unwrap();
    assert_eq!(place.version, Version::V1);
    assert_eq!(place.folder, machine.system.path("/sys/fs/cgroup/cpu/a b/c"));
}

#[test]
fn a_container_sees_the_lower_end_of_a_hierarchy() {
    let mountinfo = V1.replace(" / /sys", " /docker/7 /sys");
    let machine = Machine::new(&mountinfo, "3:cpu,cpuacct:/docker/7/in\n", BUILT);
    machine.folder("sys/fs/cgroup/cpu/in");
    let found = place(&machine, Controller::Cpuacct).unwrap();
    assert_eq!(found.folder, machine.system.path("/sys/fs/cgroup/cpu/in"));
    for elsewhere in ["/other", "/docker/77", "/docker/7/../8", "/docker/7/absent"] {
        machine.file("proc/self/cgroup", &format!("3:cpu,cpuacct:{elsewhere}\n"));
        let unavailable = refusal(&machine, Controller::Cpu);
        assert!(unavailable.why.contains(elsewhere), "{unavailable}");
    }
}

#[test]
fn a_kernel_without_the_controller() {
    let machine = Machine::new(V1, "3:cpu,cpuacct:/\n", BUILT);
    machine.folder("sys/fs/cgroup/cpu");
    let pids = refusal(&machine, Controller::Pids);
    assert_eq!(pids.fix, "boot a kernel built with CONFIG_CGROUP_PIDS");
    let memory = refusal(&machine, Controller::Memory);
    assert!(memory.why.contains("switched off"), "{memory}");
    assert!(memory.fix.contains("cgroup_disable=memory"), "{memory}");
}

#[test]
fn a_kernel_without_control_groups() {
    let machine = Machine::new("", "", "");
    for name in ["cgroup", "self/cgroup", "cgroups"] {
        let _ = fs::remove_file(machine.system.path("/proc").join(name));
    }
    let unavailable = refusal(&machine, Controller::Cpu);
    assert_eq!(unavailable.why, "the kernel has no control groups");
    assert_eq!(Cgroups::open(&machine.system).unwrap_err(), Error::Unavailable(unavailable));
}

#[test]
fn nothing_is_mounted() {
    let machine = Machine::new("", "3:cpu,cpuacct:/\n0::/\n", BUILT);
    let unavailable = refusal(&machine, Controller::Cpu);
    assert_eq!(unavailable.fix, "as root: `mount -t cgroup2 cgroup2 /sys/fs/cgroup`");
    // In hybrid layouts version 2 is there, without the controller.
    let machine = Machine::new(V2, "3:cpu,cpuacct:/\n0::/\n", BUILT);
    machine.file("sys/fs/cgroup/cgroup.controllers", "hugetlb\n");
    let unavailable = refusal(&machine, Controller::Cpu);
    assert!(unavailable.fix.contains("mount -t cgroup -o cpu cpu"), "{unavailable}");
}

#[test]
fn a_hierarchy_is_read_only() {
    for (mountinfo, controller) in [
        (V1.replace("rw,relatime", "ro,relatime"), Controller::Cpu),
        (V1.replace("cgroup rw,", "cgroup ro,"), Controller::Cpuacct),
        (V2.replace("rw,nosuid", "ro,nosuid"), Controller::Cpu),
    ] {
        let machine = Machine::new(&mountinfo, "3:cpu,cpuacct:/\n0::/\n", BUILT);
        machine.folder("sys/fs/cgroup/cpu");
        machine.file("sys/fs/cgroup/cgroup.controllers", "cpu io\n");
        let unavailable = refusal(&machine, controller);
        assert!(unavailable.why.starts_with("mounted read-only on "), "{unavailable}");
        assert!(unavailable.fix.starts_with("as root: `mount -o remount,rw "), "{unavailable}");
    }
}

#[test]
fn no_rights() {
    for (mountinfo, path) in [(V1, "sys/fs/cgroup/cpu"), (V2, "sys/fs/cgroup")] {
        let machine = Machine::new(mountinfo, "3:cpu,cpuacct:/\n0::/\n", BUILT);
        machine.folder(path);
        machine.file("sys/fs/cgroup/cgroup.controllers", "cpu\n");
        machine.open_to_all();
        let Some(unavailable) = as_nobody(|| refusal(&machine, Controller::Cpu)) else {
            return apportion_testbed::not_run(
                "root",
                "no_rights",
                "it takes root to become nobody",
            );
        };
        let folder = machine.system.path(path);
        let why = format!("user 65534 may not create groups in {}", folder.display());
        assert_eq!(unavailable.why, why);
        assert!(unavailable.fix.contains("`chown 65534 "), "{unavailable}");
    }
}

/// A machine of version 2, on which we are in the group `group`.
fn unified(group: &str) -> Machine {
    let machine = Machine::new(V2, &format!("0::{group}\n"), BUILT);
    machine.group("", "cpu io memory", "");
    machine
}

#[test]
fn the_root_of_version_2_may_have_groups_beside_processes() {
    let machine = unified("/");
    fs::remove_file(machine.system.path("/sys/fs/cgroup/cgroup.type")).unwrap();
    machine.file("sys/fs/cgroup/cgroup.procs", "1\n2\n");
    let place = place(&machine, Controller::Cpu).unwrap();
    assert_eq!(place.folder, machine.system.path("/sys/fs/cgroup"));
    assert!(!place.crowded);
}

#[test]
fn whoever_is_alone_moves_out_of_the_way() {
    let machine = unified("/a");
    machine.group("a", "cpu", "");
    machine.file("sys/fs/cgroup/a/cgroup.procs", &format!("{}\n", std::process::id()));
    let place = place(&machine, Controller::Cpu).unwrap();
    assert_eq!(place.folder, machine.system.path("/sys/fs/cgroup/a"));
    assert!(place.crowded);
}

#[test]
fn others_are_in_the_group() {
    let machine = unified("/a");
    machine.group("a", "cpu", "");
    machine.file("sys/fs/cgroup/a/cgroup.procs", &format!("{}\n77\n", std::process::id()));
    machine.file("sys/fs/cgroup/cgroup.procs", "1\n");
    let unavailable = refusal(&machine, Controller::Cpu);
    assert!(unavailable.why.starts_with("process 77 is in "), "{unavailable}");
    assert!(unavailable.fix.contains("/others/cgroup.procs"), "{unavailable}");
    // But the group above is meant to have groups.
    machine.file("sys/fs/cgroup/cgroup.subtree_control", "cpu\n");
    let place = place(&machine, Controller::Cpu).unwrap();
    assert_eq!(place.folder, machine.system.path("/sys/fs/cgroup"));
}

#[test]
fn a_controller_is_not_passed_on() {
    let machine = unified("/a/b");
    machine.group("a", "io", "");
    machine.group("a/b", "io", "");
    fs::write(machine.system.path("/sys/fs/cgroup/cgroup.procs"), "1\n").unwrap();
    fs::write(machine.system.path("/sys/fs/cgroup/cgroup.type"), "threaded\n").unwrap();
    let unavailable = refusal(&machine, Controller::Cpu);
    assert!(unavailable.why.ends_with("is threaded"), "{unavailable}");
    machine.group("", "io", "");
    machine.file("sys/fs/cgroup/cgroup.controllers", "io memory\n");
    assert!(refusal(&machine, Controller::Cpu).why.contains("version 2 has it"));
}

#[test]
fn all_of_version_2_are_in_one_place() {
    let machine = unified("/a");
    machine.group("a", "cpu", "");
    machine.file("sys/fs/cgroup/a/cgroup.procs", &format!("{}\n", std::process::id()));
    let survey = Survey::new(&machine.system).unwrap();
    let places = survey.places(&[Controller::Cpu, Controller::Cpuacct, Controller::Io]);
    let own = machine.system.path("/sys/fs/cgroup/a");
    assert_eq!(places[0].1.as_ref().unwrap().folder, own);
    assert_eq!(places[1].1.as_ref().unwrap().folder, own);
    let io = places[2].1.as_ref().unwrap_err();
    assert!(io.why.contains("subtree_control"), "{io}");
    assert!(io.fix.starts_with("as root: `echo +io > "), "{io}");
}

#[test]
fn systemd_has_to_delegate() {
    let machine = unified("/user.slice/run-7.scope");
    for folder in ["user.slice", "user.slice/run-7.scope"] {
        machine.group(folder, "cpu io memory", "");
    }
    let own = format!("{}\n", std::process::id());
    machine.file("sys/fs/cgroup/user.slice/run-7.scope/cgroup.procs", &own);
    assert!(place(&machine, Controller::Cpu).is_ok(), "nobody manages the groups");
    machine.folder("run/systemd/system");
    let unavailable = refusal(&machine, Controller::Cpu);
    assert!(unavailable.why.contains("systemd has not delegated"), "{unavailable}");
    assert!(unavailable.fix.contains("--scope -p Delegate=yes apportion run"), "{unavailable}");
    // What is delegated above is so to somebody else.
    let slice = machine.system.path("/sys/fs/cgroup/user.slice");
    if !mark(&slice) {
        return apportion_testbed::not_run("xattr", "systemd_has_to_delegate", "no attributes");
    }
    refusal(&machine, Controller::Cpu);
    let scope = slice.join("run-7.scope");
    assert!(mark(&scope));
    assert_eq!(place(&machine, Controller::Cpu).unwrap().folder, scope);
    // With DelegateSubgroup= we are in a group inside, and the scope has no processes.
    machine.group("user.slice/run-7.scope/main", "", "");
    machine.file("sys/fs/cgroup/user.slice/run-7.scope/main/cgroup.procs", &own);
    machine.file("sys/fs/cgroup/user.slice/run-7.scope/cgroup.procs", "");
    machine.file("proc/self/cgroup", "0::/user.slice/run-7.scope/main\n");
    assert_eq!(place(&machine, Controller::Cpu).unwrap().folder, scope);
}

#[test]
fn systemd_delegates_in_version_1_too() {
    let mounts = format!(
        "{V1}36 31 0:33 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
    );
    let groups = "3:cpu,cpuacct:/system.slice/a.service\n1:name=systemd:/system.slice/a.service\n";
    let machine = Machine::new(&mounts, groups, BUILT);
    for name in ["cpu", "systemd"] {
        machine.folder(&format!("sys/fs/cgroup/{name}/system.slice/a.service"));
    }
    machine.folder("run/systemd/system");
    refusal(&machine, Controller::Cpu);
    if mark(&machine.system.path("/sys/fs/cgroup/systemd/system.slice/a.service")) {
        assert!(place(&machine, Controller::Cpu).is_ok());
    }
    machine.file("proc/self/cgroup", &groups.replacen("/system.slice/a.service", "/", 1));
    assert!(refusal(&machine, Controller::Cpu).why.contains("our group here is /"));
}

#[test]
fn a_folder_that_is_no_control_group_is_left_as_it_was() {
    // There is no `cpu.shares`, and no `cpuset.cpus` to inherit.
    let machine = Machine::new(&V1.replace("cpu,cpuacct", "cpu,cpuset"), "3:cpu,cpuset:/\n", BUILT);
    machine.folder("sys/fs/cgroup/cpu");
    let error = Cgroups::open(&machine.system).unwrap_err();
    assert!(
        matches!(&error, Error::System { doing: "read", path, .. } if path.ends_with("cpuset.cpus"))
    );
    assert_eq!(fs::read_dir(machine.system.path("/sys/fs/cgroup/cpu")).unwrap().count(), 0);
}

fn stale(machine: &Machine, name: &str) -> PathBuf {
    machine.folder(&format!("sys/fs/cgroup/cpu/{name}/a/b"));
    machine.system.path(format!("/sys/fs/cgroup/cpu/{name}"))
}

#[test]
fn only_groups_of_owners_that_are_gone_are_swept() {
    let machine = Machine::new(V1, "3:cpu,cpuacct:/\n", BUILT);
    let gone = stale(&machine, "apportion-7-100");
    let nested = stale(&machine, "other/apportion-7-101.3");
    // The number is in use again, by a process that began later.
    machine.process(9, 'S', 200);
    let reused = stale(&machine, "apportion-9-100");
    let alive = stale(&machine, "apportion-9-200");
    let inside = stale(&machine, "apportion-9-200/a/apportion-7-102");
    // It has ended, and nobody has asked yet.
    machine.process(11, 'Z', 300);
    let zombie = stale(&machine, "apportion-11-300");
    let elsewhere = stale(&machine, "apportion-7-100-4026532999");
    let others = ["apportion-7", "apportion-x-1", "portion-7-100", "apportion-7-100.d"];
    let others = others.map(|name| stale(&machine, name));

    let swept = sweep(&machine.system).unwrap();
    assert_eq!(swept.failed, []);
    let mut removed = swept.removed;
    removed.sort();
    let mut expected = vec![gone, nested, reused, inside, zombie];
    expected.sort();
    assert_eq!(removed, expected);
    assert!(removed.iter().all(|path| !path.exists()));
    assert!(alive.join("a/b").is_dir() && elsewhere.join("a/b").is_dir());
    assert!(others.iter().all(|path| path.join("a/b").is_dir()));
    assert_eq!(sweep(&machine.system).unwrap().removed, [] as [PathBuf; 0]);
}

#[test]
fn what_cannot_be_removed_is_told_and_the_rest_is_swept() {
    let machine = Machine::new(V1, "3:cpu,cpuacct:/\n", BUILT);
    let [stuck, free] = ["apportion-7-100", "apportion-8-100"].map(|name| stale(&machine, name));
    fs::write(stuck.join("a/file"), "").unwrap();
    let swept = sweep(&machine.system).unwrap();
    assert_eq!(swept.removed, [free]);
    let [Error::NotRemoved { path, tasks, .. }] = swept.failed.as_slice() else {
        panic!("{swept:?}");
    };
    assert!(path.starts_with(&stuck) && tasks.is_empty());
    assert!(stuck.join("a/file").exists());
}

#[test]
fn who_sweeps_from_inside_is_spared_and_what_is_beside_it_is_not() {
    let machine = Machine::new(V1, "3:cpu,cpuacct:/\n", BUILT);
    let top = stale(&machine, "apportion-7-100");
    stale(&machine, "apportion-7-100/beside");
    stale(&machine, "apportion-7-100/.adopted");
    let us = std::process::id();
    let list = top.join("a/b/tasks");
    fs::write(&list, format!("{us}\n")).unwrap();
    let swept = sweep(&machine.system).unwrap();
    assert_eq!(swept.removed, [] as [PathBuf; 0]);
    let errno = rustix::io::Errno::BUSY;
    assert_eq!(swept.failed, [Error::NotRemoved { path: top.clone(), tasks: vec![us], errno }]);
    assert!(list.exists() && !top.join("beside").exists() && top.join(".adopted").is_dir());
    // From outside it goes with the rest.
    fs::remove_file(list).unwrap();
    assert_eq!(sweep(&machine.system).unwrap().removed, [top]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "two runs at once are what is tested")]
fn two_sweeps_at_once_do_no_harm() {
    let machine = Machine::new(V1, "3:cpu,cpuacct:/\n", BUILT);
    for id in 0..40 {
        stale(&machine, &format!("apportion-7-{id}"));
    }
    let sweeps = [(); 2].map(|()| {
        let system = machine.system.clone();
        std::thread::spawn(move || sweep(&system).unwrap())
    });
    for sweep in sweeps {
        assert_eq!(sweep.join().unwrap().failed, []);
    }
    assert_eq!(fs::read_dir(machine.system.path("/sys/fs/cgroup/cpu")).unwrap().count(), 0);
}

#[test]
fn an_owner_is_told_by_its_start() {
    let machine = Machine::new(V1, "3:cpu,cpuacct:/\n", BUILT);
    let owner = Owner::parse("apportion-9-100").unwrap();
    assert!(owner.is_gone(&machine.system));
    machine.process(9, 'S', 100);
    assert!(!owner.is_gone(&machine.system));
    machine.process(9, 'Z', 100);
    assert!(owner.is_gone(&machine.system));
    // Its first thread has ended, another runs.
    machine.folder("proc/9/task/9");
    machine.folder("proc/9/task/10");
    assert!(!owner.is_gone(&machine.system));
    machine.process(9, 'S', 101);
    assert!(owner.is_gone(&machine.system));
    // What cannot be understood is no reason to kill.
    machine.file("proc/9/stat", "nonsense");
    assert!(!owner.is_gone(&machine.system));
}

#[test]
fn a_probe_tells_everything_and_changes_nothing() {
    let machine = Machine::new(V1, "3:cpu,cpuacct:/\n", BUILT);
    machine.folder("sys/fs/cgroup/cpu");
    let offers = probe(&machine.system);
    let state = |what: &str| &offers.iter().find(|offer| offer.what == what).unwrap().state;
    let cpu = state("cgroup controller cpu").as_ref().unwrap();
    assert!(cpu.starts_with("cgroup v1, in ") && Path::new(cpu).ends_with("cpu"), "{cpu}");
    assert!(state("cgroup controller memory").is_err());
    assert!(state("nice levels").is_ok() && state("affinity").is_ok());
    let kvm = state("KVM").as_ref().unwrap_err();
    assert!(kvm.why.starts_with("there is no "), "{kvm}");
    machine.file("dev/kvm", "");
    machine.open_to_all();
    if let Some(offers) = as_nobody(|| probe(&machine.system)) {
        let kvm = offers.iter().find(|offer| offer.what == "KVM").unwrap();
        assert!(kvm.state.as_ref().unwrap_err().why.contains("may not open"), "{kvm:?}");
    }
    assert_eq!(fs::read_dir(machine.system.path("/sys/fs/cgroup/cpu")).unwrap().count(), 0);
    let nothing = tempfile::tempdir().unwrap();
    assert!(probe(&apportion_host::System::at(nothing.path())).iter().any(|o| o.state.is_err()));
}
