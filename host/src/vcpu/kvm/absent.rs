//! In the place of KVM on other processors: there the guests cannot run.

use std::convert::Infallible;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::vcpu::{Behaviour, Ran, VcpuId, VcpuPool, VcpuRunner};
use crate::{Error, Unavailable};

/// There is none on this processor.
#[derive(Debug)]
pub struct TinyGuest(Infallible);

/// There is none on this processor.
#[derive(Debug)]
pub struct Kvm(Infallible);

impl TinyGuest {
    /// Says that it is not available.
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    pub fn new(_: &[Behaviour]) -> Result<Self, Error> {
        Err(unavailable())
    }
}

impl Kvm {
    /// Says that it is not available.
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    pub fn new(_: Vec<TinyGuest>) -> Result<Self, Error> {
        Err(unavailable())
    }
}

impl VcpuRunner for Kvm {
    fn run_for(&mut self, _: VcpuId, _: Duration) -> Result<Ran, Error> {
        match self.0 {}
    }

    fn now(&self) -> Duration {
        match self.0 {}
    }

    fn sleep(&mut self, _: Duration) {
        match self.0 {}
    }

    fn work(&self, _: VcpuId) -> Option<u64> {
        match self.0 {}
    }
}

impl VcpuPool for Kvm {
    fn release(&mut self) -> Result<(), Error> {
        match self.0 {}
    }

    fn stop(&mut self) -> Result<Vec<Ran>, Error> {
        match self.0 {}
    }

    fn threads(&self) -> Vec<NonZeroU32> {
        match self.0 {}
    }
}

fn unavailable() -> Error {
    let unavailable = Unavailable {
        what: "KVM guests".to_owned(),
        why: "their code is for x86-64, and this is another processor or system".to_owned(),
        fix: "run this on Linux on x86-64".to_owned(),
    };
    unavailable.into()
}
