//! Packing instances: the text formats of the two public libraries, read and written.

mod error;
mod format;
mod reader;
mod writer;

use alloc::vec::Vec;

pub use error::{PackingError, PackingErrorKind, PackingNumber};
pub use format::PackingFormat;

/// Numbers that all items of an instance have at most, each item counted by itself: 2^26. A line
/// of 30 bytes may ask for 10^18 equal items, and this is where it ends.
pub const PACKING_NUMBERS: u64 = 1 << 26;

/// Items to pack into equal bins: vectors of one or more dimensions, equal ones as one kind.
///
/// ```
/// use apportion_workload::PackingInstance;
///
/// let text = "2\n100 8\n2\n30 4 2\n50 1 1\n";
/// let instance = PackingInstance::parse(text)?;
/// assert_eq!(instance.capacity(), [100, 8]);
/// assert_eq!(instance.items().collect::<Vec<_>>(), [[30, 4], [30, 4], [50, 1]]);
/// # Ok::<(), apportion_workload::PackingError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct PackingInstance {
    capacity: Vec<u64>,
    /// One kind after the other.
    sizes: Vec<u64>,
    demands: Vec<u64>,
    /// The sum of the demands.
    count: u64,
}

impl PackingInstance {
    /// Bins of this `capacity`, one number a dimension, and no items yet.
    ///
    /// # Errors
    ///
    /// [`PackingErrorKind::NoDimension`].
    pub fn new(capacity: Vec<u64>) -> Result<Self, PackingErrorKind> {
        if capacity.is_empty() {
            return Err(PackingErrorKind::NoDimension);
        }
        Ok(Self { capacity, sizes: Vec::new(), demands: Vec::new(), count: 0 })
    }

    /// Adds `demand` items of these `sizes`, one number a dimension. A kind that nobody demands is
    /// kept; sizes may be zero, or larger than the capacity.
    ///
    /// # Errors
    ///
    /// [`Numbers`](PackingErrorKind::Numbers) if there are not as many as dimensions,
    /// [`TooMany`](PackingErrorKind::TooMany) beyond [`PACKING_NUMBERS`]. Nothing has changed.
    pub fn push(&mut self, sizes: &[u64], demand: u64) -> Result<(), PackingErrorKind> {
        let dimensions = self.capacity.len();
        if sizes.len() != dimensions {
            let (expected, found) = (dimensions, sizes.len());
            return Err(PackingErrorKind::Numbers { expected, found });
        }
        let count = self.count.checked_add(demand);
        let numbers = count.and_then(|count| count.checked_mul(dimensions as u64));
        let Some(count) = count.filter(|_| numbers.is_some_and(|all| all <= PACKING_NUMBERS))
        else {
            return Err(PackingErrorKind::TooMany { demand, limit: PACKING_NUMBERS });
        };
        self.count = count;
        self.sizes.extend_from_slice(sizes);
        self.demands.push(demand);
        Ok(())
    }

    /// Reads a text in the format that [`PackingFormat::detect`] tells.
    ///
    /// # Errors
    ///
    /// The first line that is not what the format expects there.
    ///
    /// *Complexity*: O(bytes) in time and space.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, PackingError> {
        let text = text.as_ref();
        Self::parse_as(PackingFormat::detect(text), text)
    }

    /// Reads a text in this format.
    ///
    /// Lines end in LF or CRLF; blank lines, blanks at the ends of a line and a byte order mark are
    /// passed over.
    ///
    /// # Errors
    ///
    /// The first line that is not what the format expects there; what follows the last item is
    /// refused too.
    ///
    /// *Complexity*: O(bytes) in time and space.
    pub fn parse_as(format: PackingFormat, text: impl AsRef<[u8]>) -> Result<Self, PackingError> {
        reader::read(format, text.as_ref())
    }

    /// What a bin can hold, in each dimension.
    #[must_use]
    pub fn capacity(&self) -> &[u64] {
        &self.capacity
    }

    /// The number of dimensions, at least one.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.capacity.len()
    }

    /// How many items there are, at most [`PACKING_NUMBERS`].
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Each kind of items, in the order of the text: its sizes, and how many there are.
    #[must_use]
    pub fn kinds(&self) -> impl ExactSizeIterator<Item = (&[u64], u64)> {
        let sizes = self.sizes.chunks_exact(self.capacity.len());
        sizes.zip(self.demands.iter().copied())
    }

    /// The sizes of each item, in the order of the text.
    pub fn items(&self) -> impl Iterator<Item = &[u64]> {
        self.kinds().flat_map(|(sizes, demand)| (0..demand).map(move |_| sizes))
    }
}
