//! Arbitrary bytes through the readers of packing instances: nothing panics, an error names a line,
//! and what was read can be written and read again.

#![no_main]

use apportion_workload::{PACKING_NUMBERS, PackingFormat, PackingInstance};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    for format in [PackingFormat::Bpplib, PackingFormat::Vbp] {
        check(format, text);
    }
    let detected = PackingInstance::parse_as(PackingFormat::detect(text), text);
    assert_eq!(PackingInstance::parse(text), detected);
});

fn check(format: PackingFormat, text: &[u8]) {
    let instance = match PackingInstance::parse_as(format, text) {
        Ok(instance) => instance,
        Err(error) => {
            let lines = text.split(|byte| *byte == b'\n').count();
            assert!(1 <= error.line && error.line <= lines as u64 + 1, "{error}");
            return;
        }
    };
    assert!(instance.count() * instance.dimensions() as u64 <= PACKING_NUMBERS);
    assert!(instance.kinds().all(|(sizes, _)| sizes.len() == instance.dimensions()));
    let demand: u64 = instance.kinds().map(|(_, demand)| demand).sum();
    assert_eq!(demand, instance.count());
    let mut written = String::new();
    instance.write(PackingFormat::Vbp, &mut written).expect("strings grow");
    assert_eq!(PackingInstance::parse_as(PackingFormat::Vbp, &written), Ok(instance));
}
