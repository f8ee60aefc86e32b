use alloc::string::String;
use alloc::vec::Vec;

/// Comment lines that a [`Header`] keeps at most.
pub const HEADER_LINES: usize = 10_000;

/// Bytes of comments that a [`Header`] keeps at most.
pub const HEADER_BYTES: usize = 1 << 19;

/// The comments of a trace, of which those of the form `Key: Value` describe the machine.
///
/// Keeps at most [`HEADER_LINES`] lines and [`HEADER_BYTES`] bytes and counts the rest.
///
/// *Source*: the [Standard Workload Format][swf], version 2.2, "Header Comments".
///
/// [swf]: https://www.cs.huji.ac.il/labs/parallel/workload/swf.html
///
/// ```
/// let mut header = apportion_workload::Header::new();
/// header.push("MaxProcs: 430 (352 batch, 78 interactive)");
/// assert_eq!(header.get("maxprocs"), Some("430 (352 batch, 78 interactive)"));
/// assert_eq!(header.max_processors(), Some(430));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Header {
    lines: Vec<String>,
    bytes: usize,
    ignored: u64,
}

impl Header {
    /// A header without lines.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a comment, given without its `;`. White space at its ends is dropped; a text of
    /// several lines becomes several comments.
    ///
    /// *Complexity*: O(bytes).
    pub fn push(&mut self, comment: &str) {
        for line in comment.split(['\n', '\r']) {
            let line = line.trim();
            if self.lines.len() < HEADER_LINES
                && line.len() <= HEADER_BYTES - self.bytes.min(HEADER_BYTES)
            {
                self.bytes += line.len();
                self.lines.push(line.into());
            } else {
                self.ignored = self.ignored.saturating_add(1);
            }
        }
    }

    /// The comments kept, in the order of the text.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The number of comments that were not kept, because there were too many.
    #[must_use]
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// The value of the first comment `key: value`; the case of ASCII letters in the key does not
    /// matter.
    ///
    /// *Complexity*: O(lines).
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| value(line, key))
    }

    /// The processors of the machine: `MaxProcs`.
    #[must_use]
    pub fn max_processors(&self) -> Option<u64> {
        self.number(MAX_PROCESSORS)
    }

    /// The nodes of the machine: `MaxNodes`. Not its processors: a node may have several.
    #[must_use]
    pub fn max_nodes(&self) -> Option<u64> {
        self.number("MaxNodes")
    }

    /// The jobs of the trace: `MaxJobs`.
    #[must_use]
    pub fn max_jobs(&self) -> Option<u64> {
        self.number("MaxJobs")
    }

    /// Second 0 of the trace in seconds since 1970-01-01 00:00 UTC: `UnixStartTime`.
    #[must_use]
    pub fn unix_start_time(&self) -> Option<u64> {
        self.number("UnixStartTime")
    }

    /// The number at the start of a value, alone or with a blank behind it; `None` if there is none,
    /// it is beyond 64 bits, or goes on as no number does: of `1,024`, one would be a bad guess.
    fn number(&self, key: &str) -> Option<u64> {
        let word = self.get(key)?.split_ascii_whitespace().next()?;
        // No sign, which `parse` would take.
        word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok())?
    }
}

/// The value of a comment `key: value`.
pub(crate) fn value<'a>(comment: &'a str, key: &str) -> Option<&'a str> {
    let (found, value) = comment.split_once(':')?;
    found.trim().eq_ignore_ascii_case(key).then_some(value.trim())
}

/// The key of the processors of the machine.
pub(crate) const MAX_PROCESSORS: &str = "MaxProcs";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_whole_or_none() {
        for (value, number) in [
            ("128", Some(128)),
            ("128 (64 batch)", Some(128)),
            ("128\tnodes", Some(128)),
            ("1,024", None),
            ("1.5", None),
            ("+7", None),
            ("12x", None),
            ("", None),
        ] {
            let mut header = Header::new();
            header.push(&alloc::format!("MaxProcs: {value}"));
            assert_eq!(header.max_processors(), number, "{value}");
        }
    }

    #[test]
    fn values_are_found_by_key() {
        let mut header = Header::new();
        for line in ["Computer: SP2", "maxnodes : 64", "MaxProcs:", "MaxJobs: -3", "Note: a: b"] {
            header.push(line);
        }
        header.push("UnixStartTime: 99999999999999999999999");
        assert_eq!(header.get("COMPUTER"), Some("SP2"));
        assert_eq!(header.get("note"), Some("a: b"));
        assert_eq!(header.get("Queue"), None);
        assert_eq!(header.max_nodes(), Some(64));
        assert_eq!(header.max_processors(), None);
        assert_eq!(header.max_jobs(), None);
        assert_eq!(header.unix_start_time(), None);
    }

    #[test]
    fn too_many_comments_are_counted_not_kept() {
        let mut header = Header::new();
        for _ in 0..HEADER_LINES + 3 {
            header.push("x");
        }
        assert_eq!((header.lines().len(), header.ignored()), (HEADER_LINES, 3));

        let mut header = Header::new();
        header.push(&"x".repeat(HEADER_BYTES - 1));
        header.push("yy");
        header.push("z");
        assert_eq!((header.lines().len(), header.ignored()), (2, 1));
    }

    #[test]
    fn line_feeds_cannot_smuggle_records_in() {
        let mut header = Header::new();
        header.push("a\n1 2 3\r\nb");
        assert_eq!(header.lines(), ["a", "1 2 3", "", "b"]);
    }
}
