//! Chance that can be repeated: the choices of a call follow from its seed.

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). Not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed that nobody has asked for yet.
    pub fn seed() -> u64 {
        uuid::Uuid::new_v4().as_u64_pair().0
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Evenly spread in `0.0..1.0`.
    pub fn fraction(&mut self) -> f64 {
        // 53 bits are what a float holds.
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Evenly spread below `end`; 0 where that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        // The product's upper half: even to one part in 2^32 for what fits into memory.
        (((self.next() >> 32) * end as u64) >> 32) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn what_is_drawn_is_below_the_end_and_follows_from_the_seed() {
        let mut random = Random::new(7);
        let drawn: Vec<u64> = (0..1000).map(|_| random.next()).collect();
        let mut again = Random::new(7);
        assert!(drawn.iter().all(|number| *number == again.next()));
        for _ in 0..1000 {
            let fraction = random.fraction();
            assert!((0.0..1.0).contains(&fraction), "{fraction}");
            assert!(random.below(3) < 3);
        }
        assert_eq!((random.below(0), random.below(1)), (0, 0));
    }
}
