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

    /// The greatest; not a number when there is none.
    pub(crate) fn max(&self) -> f64 {
        self.sorted().last().copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::Sample;

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
