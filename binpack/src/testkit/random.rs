use crate::chance::SplitMix64;

/// `SplitMix64`: the same numbers everywhere. *Source:* Steele, Lea and Flood, *Fast splittable
/// pseudorandom number generators*, OOPSLA 2014.
#[derive(Clone, Debug)]
pub struct Random(SplitMix64);

impl Random {
    /// From this state.
    #[must_use]
    pub const fn new(state: u64) -> Self {
        Self(SplitMix64 { state })
    }

    /// The next word.
    pub const fn word(&mut self) -> u64 {
        self.0.word()
    }

    /// The next word modulo `bound`; 0 if that is 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        let word = self.word();
        if bound == 0 { 0 } else { word % bound }
    }

    /// Shuffles: for i from the last down to 1, swaps i and the next word modulo i + 1.
    pub fn shuffle<T>(&mut self, slice: &mut [T]) {
        for last in (1..slice.len()).rev() {
            slice.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_stability() {
        let mut random = Random::new(1);
        let words = [(); 3].map(|()| random.word());
        assert_eq!(words, [0x910a_2dec_8902_5cc1, 0xbeeb_8da1_658e_ec67, 0xf893_a2ee_fb32_555e]);
        let mut items = [0, 1, 2, 3, 4, 5, 6, 7];
        Random::new(1).shuffle(&mut items);
        assert_eq!((Random::new(1).below(0), items), (0, [4, 3, 2, 7, 5, 6, 0, 1]));
    }
}
