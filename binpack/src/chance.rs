/// `SplitMix64`: the same words everywhere. *Source:* Steele, Lea and Flood, *Fast splittable
/// pseudorandom number generators*, OOPSLA 2014.
#[derive(Clone, Debug)]
pub(crate) struct SplitMix64 {
    pub(crate) state: u64,
}

impl SplitMix64 {
    pub(crate) const fn word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// The next word modulo `end`, which is not zero.
    pub(crate) const fn below(&mut self, end: usize) -> usize {
        (self.word() % end as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_are_those_published() {
        let mut words = SplitMix64 { state: 1 };
        let first = [words.word(), words.word(), words.word()];
        let published = [0x910a_2dec_8902_5cc1, 0xbeeb_8da1_658e_ec67, 0xf893_a2ee_fb32_555e];
        assert_eq!(first, published);
    }
}
