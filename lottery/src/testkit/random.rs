/// `SplitMix64` (Steele, Lea & Flood, OOPSLA 2014): one word of state, and a run of its own for
/// every seed.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A run of its own for every seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next word.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Below `limit`, which is at least 1; for the choice of cases it need not be perfectly even.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        let product = u128::from(self.word()) * u128::from(limit);
        (product >> 64) as u64
    }
}
