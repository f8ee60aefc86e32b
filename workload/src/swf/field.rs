use core::fmt;

/// The number of fields of a record.
pub const FIELDS: usize = 18;

/// One of the 18 fields of a record, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(u8);

impl Field {
    /// The field at a 0-based position; positions above the last mean the last.
    pub(super) fn at(position: usize) -> Self {
        Self(u8::try_from(position.min(FIELDS - 1)).unwrap_or_default())
    }

    /// The number of the field as the standard counts: 1 to 18.
    #[must_use]
    pub fn number(self) -> usize {
        usize::from(self.0) + 1
    }

    /// The name of the field, in words: `"allocated processors"`.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES[usize::from(self.0) % FIELDS]
    }

    /// Whether the field counts seconds (2, 3, 4, 6, 9 and 18), so that the standard permits a
    /// decimal fraction in it.
    #[must_use]
    pub fn is_time(self) -> bool {
        is_time(usize::from(self.0))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field {} ({})", self.number(), self.name())
    }
}

/// Whether the field at a 0-based position counts seconds.
pub(super) const fn is_time(position: usize) -> bool {
    matches!(position, 1 | 2 | 3 | 5 | 8 | 17)
}

const NAMES: [&str; FIELDS] = [
    "job number",
    "submit time",
    "wait time",
    "run time",
    "allocated processors",
    "average cpu time",
    "used memory",
    "requested processors",
    "requested time",
    "requested memory",
    "status",
    "user",
    "group",
    "executable",
    "queue",
    "partition",
    "preceding job",
    "think time",
];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn numbers_and_names_are_those_of_the_standard() {
        assert_eq!(Field::at(0).to_string(), "field 1 (job number)");
        assert_eq!(Field::at(4).to_string(), "field 5 (allocated processors)");
        assert_eq!(Field::at(17).to_string(), "field 18 (think time)");
        let times: alloc::vec::Vec<_> =
            (0..FIELDS).map(Field::at).filter(|field| field.is_time()).map(Field::number).collect();
        assert_eq!(times, [2, 3, 4, 6, 9, 18]);
    }
}
