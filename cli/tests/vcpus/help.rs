//! The help does what it says.

use super::kvm_and_groups;
use crate::common::Stage;

#[test]
fn examples_work_as_printed() {
    let stage = Stage::new();
    let text = stage.run("vcpus --help").succeeded();
    let lines = text.lines().skip_while(|line| *line != "Examples:").skip(1);
    let examples: Vec<_> = lines.filter_map(|line| line.strip_prefix("  apportion ")).collect();
    assert_eq!(examples.len(), 2, "{text}");
    if !kvm_and_groups("the examples of `apportion vcpus`") {
        return;
    }
    let _alone = super::alone();
    let all = stage.run(examples[0]).succeeded();
    assert!(all.starts_with("3 vCPUs, weights 1, 2, 4\n\ngroups: "), "{all}");
    for part in ["\nwfq: quanta of 2ms", "\nlottery: ", "guest work", "kick", "57.14 %"] {
        assert!(all.contains(part), "{part}: {all}");
    }
    let limited = stage.run(examples[1]).succeeded();
    for part in ["wfq: quanta of 10ms", "limit", "20.00 %", "largest difference"] {
        assert!(limited.contains(part), "{part}: {limited}");
    }
    assert!(!limited.contains("lottery"), "{limited}");
}
