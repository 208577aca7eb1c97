//! Repeatable chance: the same seed gives the same run.

/// A SplitMix64 generator.
pub(crate) struct Random(u64);

impl Random {
    /// The generator of one round: rounds and parts do not disturb each other, so that one of them can be repeated alone.
    pub(crate) fn new(seed: u64, part: &str, round: u64) -> Self {
        let mut state = seed;
        for byte in part.bytes().chain(round.to_le_bytes()) {
            state = Self(state ^ u64::from(byte)).next();
        }
        Self(state)
    }

    /// A seed nobody chose: the clock's.
    pub(crate) fn seed() -> u64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // Short enough to be typed.
        now.map_or(1, |now| now.as_secs() % 1_000_000)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` up to and with `to`.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from + 1)
    }

    /// An index into something that is `length` long and not empty.
    pub(crate) fn below(&mut self, length: usize) -> usize {
        let last = u64::try_from(length.saturating_sub(1)).unwrap_or(0);
        usize::try_from(self.between(0, last)).unwrap_or(0)
    }

    /// One of a list, which must not be empty.
    pub(crate) fn one<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// A duration in milliseconds from `from` up to and with `to`.
    pub(crate) fn millis(&mut self, from: u64, to: u64) -> std::time::Duration {
        std::time::Duration::from_millis(self.between(from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn a_round_can_be_repeated_alone_and_differs_from_the_others() {
        let draw = |seed, part, round| {
            let mut random = Random::new(seed, part, round);
            (0..8).map(|_| random.between(0, u64::MAX - 1)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, "kill", 3), draw(7, "kill", 3));
        for other in [draw(8, "kill", 3), draw(7, "first-run", 3), draw(7, "kill", 4)] {
            assert_ne!(draw(7, "kill", 3), other);
        }
    }

    #[test]
    fn a_draw_stays_within_its_bounds() {
        let mut random = Random::new(1, "", 0);
        let drawn: Vec<_> = (0..1000).map(|_| random.between(3, 5)).collect();
        for value in 3..=5 {
            assert!(drawn.contains(&value), "{value}");
        }
        assert!(drawn.iter().all(|value| (3..=5).contains(value)));
    }
}
