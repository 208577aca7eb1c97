//! Medians.

/// The measurements of one kind.
#[derive(Clone, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    /// Adds one; what is no number is left out.
    pub(crate) fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.0.push(value);
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn sorted(&self) -> Vec<f64> {
        let mut values = self.0.clone();
        values.sort_by(f64::total_cmp);
        values
    }

    /// The middle one, or the mean of the two in the middle; not a number when there is none.
    pub(crate) fn median(&self) -> f64 {
        let values = self.sorted();
        let middle = values.len() / 2;
        match values.len() {
            0 => f64::NAN,
            length if length % 2 == 1 => values[middle],
            _ => f64::midpoint(values[middle - 1], values[middle]),
        }
    }

    /// The least that `share` of them, 0 to 1, do not exceed; not a number when there is none.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let values = self.sorted();
        let rank = (share * values.len() as f64).ceil() as usize;
        values.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    /// The least; not a number when there is none.
    pub(crate) fn min(&self) -> f64 {
        self.sorted().first().copied().unwrap_or(f64::NAN)
    }

    /// How likely two samples of one distribution are to differ in rank at least as much as this one and `other` (Mann and Whitney
    /// 1947): the two-sided p of the U test, by its normal approximation with the correction for ties.
    pub(crate) fn mann_whitney(&self, other: &Self) -> f64 {
        let (mine, theirs) = (self.0.len() as f64, other.0.len() as f64);
        let mut all: Vec<(f64, bool)> = self
            .0
            .iter()
            .map(|value| (*value, true))
            .chain(other.0.iter().map(|value| (*value, false)))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut ranks, mut ties, mut begin) = (0.0, 0.0, 0);
        while begin < all.len() {
            let end = begin + all[begin..].iter().take_while(|(value, _)| *value == all[begin].0).count();
            // Those that are equal share the mean of their ranks, which count from 1.
            let rank = (begin + 1 + end) as f64 / 2.0;
            ranks += rank * all[begin..end].iter().filter(|(_, is_mine)| *is_mine).count() as f64;
            let tied = (end - begin) as f64;
            ties += tied.powi(3) - tied;
            begin = end;
        }
        let both = mine + theirs;
        let u = ranks - mine * (mine + 1.0) / 2.0;
        let deviation = (mine * theirs / 12.0 * (both + 1.0 - ties / (both * (both - 1.0)))).sqrt();
        let z = ((u - mine * theirs / 2.0).abs() - 0.5).max(0.0) / deviation;
        erfc(z / std::f64::consts::SQRT_2)
    }

    /// The greatest; not a number when there is none.
    pub(crate) fn max(&self) -> f64 {
        self.sorted().last().copied().unwrap_or(f64::NAN)
    }
}

/// The complementary error function for 0 and above, to 1.5e-7 (Abramowitz and Stegun, 7.1.26).
fn erfc(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let terms = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    terms.iter().rev().fold(0.0, |sum, term| (sum + term) * t) * (-x * x).exp()
}

#[cfg(test)]
mod tests {
    use super::{Sample, erfc};

    fn of(values: impl IntoIterator<Item = f64>) -> Sample {
        let mut sample = Sample::default();
        values.into_iter().for_each(|value| sample.add(value));
        sample
    }

    /// Against scipy.stats.mannwhitneyu(a, b, method="asymptotic").
    #[test]
    fn the_u_test_agrees_with_tables() {
        assert!((erfc(0.0) - 1.0).abs() < 1e-6);
        assert!((erfc(1.959_963_985 / std::f64::consts::SQRT_2) - 0.05).abs() < 1e-6);
        let numbers = |from: u32, to: u32| of((from..=to).map(f64::from));
        assert!((numbers(1, 20).mann_whitney(&numbers(1, 20)) - 1.0).abs() < 1e-6);
        assert!(numbers(1, 50).mann_whitney(&numbers(26, 75)) < 1e-6);
        assert!((numbers(1, 10).mann_whitney(&numbers(3, 12)) - 0.184_6).abs() < 0.001);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        let mut sample = Sample::default();
        assert!(sample.median().is_nan());
        for value in [5.0, 1.0, f64::NAN, 3.0] {
            sample.add(value);
        }
        assert_eq!((sample.len(), sample.median(), sample.min(), sample.max()), (3, 3.0, 1.0, 5.0));
        assert_eq!((sample.percentile(0.5), sample.percentile(0.99)), (3.0, 5.0));
        sample.add(4.0);
        assert!((sample.median() - 3.5).abs() < f64::EPSILON);
    }
}
