//! The help does what it says.

use super::piped;
use crate::common::Stage;

#[test]
fn examples_work_as_printed() {
    let stage = Stage::new();
    for option in ["-h", "--help"] {
        let text = stage.run(&format!("divide {option}")).succeeded();
        let lines = text.lines().skip_while(|line| *line != "Examples:").skip(1);
        let examples: Vec<&str> =
            lines.filter(|line| line.contains("apportion divide")).map(str::trim).collect();
        let [plain, from_standard_input] = examples[..] else { panic!("{text}") };
        let text = stage.run(plain.strip_prefix("apportion ").expect("a call")).succeeded();
        assert!(text.contains(": a capacity of "), "{text}");
        let spec = from_standard_input.strip_prefix("echo '");
        let spec = spec.and_then(|rest| rest.strip_suffix("' | apportion divide -"));
        let text = piped("", spec.expect("a document and a pipe").as_bytes()).succeeded();
        assert!(text.contains("\nused 60, wasted 0, left 0\n"), "{text}");
    }
}
