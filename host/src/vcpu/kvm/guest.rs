#![expect(unsafe_code, reason = "memory is given to a guest by its address")]

use kvm_bindings::{KVM_API_VERSION, kvm_userspace_memory_region};
use kvm_ioctls::{Kvm as Device, VcpuFd, VmFd};
use rustix::io::Errno;
use vm_memory::{Bytes, GuestAddress, GuestMemoryBackend, GuestMemoryMmap};

use super::code;
use crate::vcpu::{Behaviour, VcpuError};
use crate::{Error, Unavailable};

/// A guest of our own: a few dozen bytes of code that count, and pages for the counters.
///
/// It needs no kernel, no firmware and no device. Its vCPUs share nothing but the code.
#[derive(Debug)]
pub struct TinyGuest {
    pub(super) memory: GuestMemoryMmap,
    pub(super) vcpus: Vec<VcpuFd>,
    pub(super) machine: VmFd,
}

impl TinyGuest {
    /// A guest with a vCPU for each behaviour.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] without a `/dev/kvm` that may be opened;
    /// [`VcpuError::VcpusOutOfRange`] unless there are 1 to 64 vCPUs; what the system says.
    pub fn new(behaviours: &[Behaviour]) -> Result<Self, Error> {
        if !(1..=MOST_VCPUS).contains(&behaviours.len()) {
            let (vcpus, most) = (behaviours.len(), MOST_VCPUS);
            return Err(VcpuError::VcpusOutOfRange { vcpus, most }.into());
        }
        let device = open()?;
        let machine = device.create_vm().map_err(refused("create a virtual machine"))?;
        // Intel's processors without unrestricted guests need three pages of the guest's addresses
        // for this; others ignore it.
        machine
            .set_tss_address(TASK_STATE)
            .map_err(refused("set aside the guest's task state segment"))?;
        let memory = memory(behaviours)?;
        let vcpus = behaviours.iter().enumerate().map(|(index, &behaviour)| {
            let number = index as u64;
            let vcpu = machine.create_vcpu(number).map_err(refused("create a virtual CPU"))?;
            let mut special =
                vcpu.get_sregs().map_err(refused("read the registers of a virtual CPU"))?;
            code::enter_protected_mode(&mut special);
            let set = vcpu.set_sregs(&special);
            set.and_then(|()| vcpu.set_regs(&code::registers(index, behaviour)))
                .map_err(refused("set the registers of a virtual CPU"))?;
            Ok(vcpu)
        });
        let vcpus = vcpus.collect::<Result<_, Error>>()?;
        let guest = Self { memory, vcpus, machine };
        guest.attach_memory(behaviours.len())?;
        Ok(guest)
    }

    fn attach_memory(&self, vcpus: usize) -> Result<(), Error> {
        let start = GuestAddress(0);
        let address = self.memory.get_host_address(start).map_err(|_| no_memory())?;
        let region = kvm_userspace_memory_region {
            slot: 0,
            guest_phys_addr: 0,
            memory_size: code::page(vcpus),
            userspace_addr: address as u64,
            flags: 0,
        };
        // SAFETY: the region is the whole of a mapping that `self.memory` owns. `Kvm` takes it over
        // with the machine and its vCPUs, and drops it after them; so does a guest that is dropped
        // unused, in which no vCPU has ever run.
        unsafe { self.machine.set_user_memory_region(region) }
            .map_err(refused("give the guest its memory"))
    }
}

/// How much work a vCPU of a guest has done, in turns of its loop.
///
/// The guest adds the upper half in an instruction of its own. Once in 2^32 turns, for the length of
/// an instruction, this is 2^32 behind.
pub(super) fn work(memory: &GuestMemoryMmap, index: usize) -> Option<u64> {
    use std::sync::atomic::Ordering;
    memory.load(GuestAddress(code::page(index)), Ordering::Relaxed).ok()
}

/// Memory with the code, and what each vCPU needs to know.
fn memory(behaviours: &[Behaviour]) -> Result<GuestMemoryMmap, Error> {
    let length = usize::try_from(code::page(behaviours.len())).map_err(|_| no_memory())?;
    let memory = GuestMemoryMmap::from_ranges(&[(GuestAddress(0), length)]);
    let memory = memory.map_err(|_| no_memory())?;
    let mut written = memory.write_slice(&code::programs(), GuestAddress(code::CODE));
    for (index, behaviour) in behaviours.iter().enumerate() {
        if let Some(turns) = behaviour.stops_after() {
            let place = GuestAddress(code::page(index) + code::STOPS_AFTER);
            written = written.and_then(|()| memory.write_obj(turns.get(), place));
        }
    }
    written.map_err(|_| no_memory())?;
    Ok(memory)
}

/// Opens `/dev/kvm`, or says why that cannot be.
fn open() -> Result<Device, Error> {
    let device = Device::new().map_err(|error| {
        let (why, fix) = match Errno::from_raw_os_error(error.errno()) {
            Errno::NOENT => (
                "there is no /dev/kvm",
                "turn virtualisation on in the firmware, or nested virtualisation in the machine \
                 above, and run `modprobe kvm_intel` or `modprobe kvm_amd`",
            ),
            Errno::ACCESS | Errno::PERM => (
                "/dev/kvm may not be opened",
                "run `sudo setfacl -m u:$(id -un):rw /dev/kvm`, or run this as root",
            ),
            _ => (
                "/dev/kvm cannot be opened",
                "run `modprobe kvm_intel` or `modprobe kvm_amd`, and see what `dmesg` says",
            ),
        };
        let why = format!("{why}: {}", std::io::Error::from_raw_os_error(error.errno()));
        unavailable(&why, fix)
    })?;
    let version = device.get_api_version();
    if u32::try_from(version) != Ok(KVM_API_VERSION) {
        let why = format!("its interface has version {version}, not {KVM_API_VERSION}");
        return Err(unavailable(&why, "boot a kernel of version 2.6.22 or later").into());
    }
    Ok(device)
}

fn unavailable(why: &str, fix: &str) -> Unavailable {
    Unavailable { what: "KVM".to_owned(), why: why.to_owned(), fix: fix.to_owned() }
}

fn refused(doing: &'static str) -> impl Fn(kvm_ioctls::Error) -> Error {
    move |error| Error::System {
        doing,
        path: "/dev/kvm".into(),
        errno: Errno::from_raw_os_error(error.errno()),
    }
}

fn no_memory() -> Error {
    Error::System { doing: "map a guest's memory", path: "/dev/kvm".into(), errno: Errno::NOMEM }
}

const MOST_VCPUS: usize = 64;
/// Three pages below the firmware's place, where a machine this small has no memory.
const TASK_STATE: usize = 0xfffb_d000;
