use core::fmt;

use super::reader::Lines;

/// A text format for packing instances.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum PackingFormat {
    /// One dimension, one number a line: the number of items, the capacity, then the size of each
    /// item. *Source:* Delorme, Iori and Martello, *BPPLIB: a library for bin packing and cutting
    /// stock problems*, Optimization Letters 2018.
    Bpplib,
    /// Vectors: the number of dimensions; the capacity in each; the number of kinds of items; then
    /// a line for each kind, with its size in each dimension and how many there are of it.
    /// *Source:* Brandão, *VPSolver*; files end in `.vbp`.
    Vbp,
}

impl PackingFormat {
    /// The format that a text is in, if it is in one. It is `.vbp` if, not counting blank lines, the
    /// second holds several words, or the third holds one and the fourth one more than the first says
    /// that there are dimensions.
    ///
    /// A `.vbp` instance of one dimension and no kinds reads `1`, a capacity, `0`; so does a BPPLIB
    /// instance with one item of size zero, and is taken for it. A file name that ends in `.vbp` is
    /// a better hint.
    ///
    /// *Complexity*: O(bytes of those lines).
    #[must_use]
    pub fn detect(text: impl AsRef<[u8]>) -> Self {
        let mut lines = Lines::new(text.as_ref());
        let dimensions = lines.next().and_then(|line| {
            core::str::from_utf8(line.words().next()?).ok()?.parse::<usize>().ok()
        });
        let [capacity, kinds, kind] =
            [(); 3].map(|()| lines.next().map_or(0, |line| line.words().count()));
        let is_kind = kinds == 1 && kind > 1 && Some(kind - 1) == dimensions;
        if capacity > 1 || is_kind { Self::Vbp } else { Self::Bpplib }
    }
}

impl fmt::Display for PackingFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bpplib => "BPPLIB",
            Self::Vbp => ".vbp",
        })
    }
}
