use std::num::NonZeroU32;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use kvm_ioctls::{VcpuExit, VcpuFd, VmFd};
use rustix::io::Errno;
use vm_memory::GuestMemoryMmap;

use super::guest::{self, TinyGuest};
use super::immediate_exit::ImmediateExit;
use super::signal;
use crate::Error;
use crate::vcpu::clock::monotonic;
use crate::vcpu::pool::Pool;
use crate::vcpu::worker::{Engine, Kick, Worker};
use crate::vcpu::{Exit, Ran, VcpuError, VcpuId, VcpuPool, VcpuRunner};

/// The vCPUs of tiny guests, each in a thread that enters `KVM_RUN` when it is its turn.
///
/// A kick sets `immediate_exit` and then sends the thread a signal. One of the two is seen whenever
/// it comes: before the thread enters the guest the byte is, inside the signal is.
///
/// The threads have the names that QEMU gives to its own, `CPU 0/KVM`. Each has been in `KVM_RUN`
/// once before it is handed out: there, the kernel starts a helper (`kvm-nx-lpage-re`) in the
/// control group of the thread, which cannot be removed for as long as the virtual machine exists.
/// So that group is the one that the guest was made in, and not one that the thread is put into.
#[derive(Debug)]
pub struct Kvm {
    // In the order in which they have to go: threads with their vCPUs, machines, memory.
    pool: Pool<KvmKick>,
    _machines: Vec<VmFd>,
    /// By number of the vCPU: the memory of its guest, and which vCPU it is there.
    places: Vec<(Arc<GuestMemoryMmap>, usize)>,
}

impl Kvm {
    /// Starts a thread for each vCPU of the guests; they wait. Numbers go through all guests, in
    /// order.
    ///
    /// # Errors
    ///
    /// [`VcpuError::Refused`], or what the system says.
    pub fn new(guests: Vec<TinyGuest>) -> Result<Self, Error> {
        signal::prepare().map_err(|errno| Error::System {
            doing: "make the signal for kicks harmless",
            path: "/dev/kvm".into(),
            errno,
        })?;
        let mut workers = Vec::new();
        let mut machines = Vec::new();
        let mut places = Vec::new();
        let mut numbers = 0..;
        for TinyGuest { memory, vcpus, machine } in guests {
            machines.push(machine);
            let memory = Arc::new(memory);
            for ((index, fd), number) in vcpus.into_iter().enumerate().zip(&mut numbers) {
                places.push((Arc::clone(&memory), index));
                workers.push(start(VcpuId::new(number), fd, &memory)?);
            }
        }
        Ok(Self { pool: Pool::new(workers), _machines: machines, places })
    }
}

impl VcpuRunner for Kvm {
    fn run_for(&mut self, vcpu: VcpuId, quantum: Duration) -> Result<Ran, Error> {
        Ok(self.pool.run_for(vcpu, quantum)?)
    }

    fn now(&self) -> Duration {
        monotonic()
    }

    fn sleep(&mut self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn work(&self, vcpu: VcpuId) -> Option<u64> {
        let (memory, index) = self.places.get(vcpu.index())?;
        guest::work(memory, *index)
    }
}

impl VcpuPool for Kvm {
    fn release(&mut self) -> Result<(), Error> {
        Ok(self.pool.release()?)
    }

    fn stop(&mut self) -> Result<Vec<Ran>, Error> {
        Ok(self.pool.stop()?)
    }

    fn threads(&self) -> Vec<NonZeroU32> {
        self.pool.threads()
    }
}

fn start(
    vcpu: VcpuId,
    fd: VcpuFd,
    memory: &Arc<GuestMemoryMmap>,
) -> Result<Worker<KvmKick>, VcpuError> {
    let exit = immediate_exit(vcpu, &fd)?;
    let exit = Arc::new(exit);
    let kick = KvmKick(Arc::clone(&exit));
    let engine = KvmEngine { vcpu, fd, exit, _memory: Arc::clone(memory) };
    Worker::start(vcpu, format!("CPU {}/KVM", vcpu.number()), kick, engine)
}

#[expect(unsafe_code, reason = "kvm-ioctls lends its descriptor only as a number")]
fn immediate_exit(vcpu: VcpuId, fd: &VcpuFd) -> Result<ImmediateExit, VcpuError> {
    // SAFETY: open for as long as `fd` is borrowed here.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd.as_raw_fd()) };
    ImmediateExit::of(borrowed).map_err(|errno| VcpuError::Refused {
        vcpu,
        doing: "map what it shares with the kernel",
        errno,
    })
}

#[derive(Debug)]
struct KvmKick(Arc<ImmediateExit>);

impl Kick for KvmKick {
    fn clear(&self) {
        self.0.set(false);
    }

    fn kick(&self, thread: &JoinHandle<()>) {
        self.0.set(true);
        signal::send(thread);
    }
}

struct KvmEngine {
    vcpu: VcpuId,
    fd: VcpuFd,
    exit: Arc<ImmediateExit>,
    /// A thread that is given up may still run the guest: it keeps the memory.
    _memory: Arc<GuestMemoryMmap>,
}

impl Engine for KvmEngine {
    fn prepare(&mut self) -> Result<(), VcpuError> {
        self.exit.set(true);
        self.run().map(|_| self.exit.set(false))
    }

    fn run(&mut self) -> Result<Exit, VcpuError> {
        loop {
            match self.fd.run() {
                Ok(VcpuExit::Hlt | VcpuExit::IoOut(..)) => return Ok(Exit::Yielded),
                // For other signals, and when it only came out, it goes on.
                Ok(VcpuExit::Intr) => {}
                Ok(exit) => {
                    let exit = format!("{exit:?}");
                    return Err(VcpuError::Crashed { vcpu: self.vcpu, exit });
                }
                Err(error) => match Errno::from_raw_os_error(error.errno()) {
                    Errno::INTR | Errno::AGAIN => {}
                    errno => {
                        let (vcpu, doing) = (self.vcpu, "run it");
                        return Err(VcpuError::Refused { vcpu, doing, errno });
                    }
                },
            }
            if self.exit.is_set() {
                return Ok(Exit::Kicked);
            }
        }
    }
}
