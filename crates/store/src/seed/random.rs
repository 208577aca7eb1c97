//! Chance that can be repeated.

/// `SplitMix64` (Steele, Lea and Flood, 2014): a few lines that no other version of anything changes.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// Chance of its own for each `scope`, so that what is drawn in one place moves nothing in another.
    pub(super) fn new(number: u64, scope: &str) -> Self {
        // FNV-1a, 64 bits.
        let hash = scope.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut random = Self(number ^ hash);
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high - low) + 1;
        // The remainder of a 64-bit number by a 33-bit one fits into 32 bits.
        low + u32::try_from(self.next() % span).unwrap_or_default()
    }

    /// One of `items`, which are not none.
    pub(super) fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let last = u32::try_from(items.len() - 1).unwrap_or(u32::MAX);
        &items[self.between(0, last) as usize]
    }

    /// `true` in `percent` of a hundred draws.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.between(1, 100) <= percent
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_numbers_are_those_that_were_published() {
        // The first three of SplitMix64 for the state 1234567.
        let mut random = Random(1_234_567);
        assert_eq!(
            [random.next(), random.next(), random.next()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn number_and_scope_decide() {
        let draw = |number, scope| Random::new(number, scope).between(0, u32::MAX);
        assert_eq!(draw(7, "a"), draw(7, "a"));
        assert_ne!(draw(7, "a"), draw(8, "a"));
        assert_ne!(draw(7, "a"), draw(7, "b"));
    }

    #[test]
    fn both_ends_are_drawn_and_nothing_beyond() {
        let mut random = Random::new(1, "ends");
        let mut seen = [false; 4];
        for _ in 0..1000 {
            seen[random.between(0, 3) as usize] = true;
        }
        assert_eq!(seen, [true; 4]);
    }
}
