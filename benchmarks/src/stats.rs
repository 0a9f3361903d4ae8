//! Order statistics: a benchmark's outliers come from outside, and only ever make it slower.

use serde::Serialize;

/// What a series of measurements comes to, in the unit of the measurements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The middle one.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// A quarter of the measurements are below it.
    pub lower_quartile: f64,
    /// A quarter of the measurements are above it.
    pub upper_quartile: f64,
    /// How many there are.
    pub count: usize,
}

impl Summary {
    /// Summarises `values`; all zeros for none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values = values.into_iter().collect::<Vec<_>>();
        values.sort_by(f64::total_cmp);
        let (Some(&min), Some(&max)) = (values.first(), values.last()) else {
            return Self::default();
        };
        Self {
            median: quantile(&values, 0.5),
            min,
            max,
            lower_quartile: quantile(&values, 0.25),
            upper_quartile: quantile(&values, 0.75),
            count: values.len(),
        }
    }

    /// Half the distance between the quartiles, as a fraction of the median.
    pub fn spread(&self) -> f64 {
        if self.median == 0.0 {
            return 0.0;
        }
        (self.upper_quartile - self.lower_quartile) / 2.0 / self.median
    }
}

/// The value that a fraction `part` of the `sorted` values lies below, interpolated linearly.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part * (sorted.len() - 1) as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    below + (above - below) * place.fract()
}

/// The exponent `e` of `cost ~ size^e` that fits the points best (least squares of the logarithms):
/// 1 is linear growth. Nothing for less than two sizes.
pub fn growth(points: &[(f64, f64)]) -> Option<f64> {
    let logs = points.iter().map(|(size, cost)| (size.ln(), cost.ln())).collect::<Vec<_>>();
    let count = logs.len() as f64;
    let mean = |get: fn(&(f64, f64)) -> f64| logs.iter().map(get).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|p| p.0), mean(|p| p.1));
    let across = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum::<f64>();
    let both = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>();
    (across > 0.0).then(|| both / across)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_count_lies_between_the_middle_two() {
        assert_eq!(Summary::of([4.0, 1.0, 3.0, 2.0]).median, 2.5);
        assert_eq!(Summary::of([5.0, 1.0, 3.0]).median, 3.0);
    }

    #[test]
    fn one_outlier_moves_neither_median_nor_spread() {
        let quiet = Summary::of([10.0, 10.0, 10.0, 10.0, 10.0]);
        let disturbed = Summary::of([10.0, 10.0, 10.0, 10.0, 90.0]);
        assert_eq!(quiet.median, disturbed.median);
        assert_eq!(quiet.spread(), disturbed.spread());
        assert_eq!(disturbed.max, 90.0);
    }

    #[test]
    fn quartiles_bound_the_middle_half() {
        let summary = Summary::of((1..=5).map(f64::from));
        assert_eq!((summary.lower_quartile, summary.upper_quartile), (2.0, 4.0));
        assert_eq!(summary.spread(), 1.0 / 3.0);
        assert_eq!(Summary::of([]), Summary::default());
    }

    #[test]
    fn growth_is_the_exponent() {
        let square = [(1.0, 3.0), (2.0, 12.0), (4.0, 48.0)];
        assert!((growth(&square).unwrap() - 2.0).abs() < 1e-9);
        let linear = [(1.0, 5.0), (32.0, 160.0)];
        assert!((growth(&linear).unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(growth(&[(1.0, 5.0)]), None);
    }
}
