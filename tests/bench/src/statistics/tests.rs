use super::{median, percentile};

#[test]
fn the_median_is_the_middle_whatever_the_order() {
    let check = |samples: &[f64], expected: f64| assert!((median(samples) - expected).abs() < 1e-9, "{samples:?}");
    check(&[], 0.0);
    check(&[7.0], 7.0);
    check(&[3.0, 1.0, 2.0], 2.0);
    check(&[4.0, 1.0, 3.0, 2.0], 2.5);
}

#[test]
fn a_percentile_is_one_of_the_samples() {
    let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
    let check = |percent: f64, expected: f64| assert!((percentile(&hundred, percent) - expected).abs() < 1e-9);
    check(0.0, 1.0);
    check(50.0, 50.0);
    check(99.0, 99.0);
    check(100.0, 100.0);
    assert!(percentile(&[], 99.0).abs() < 1e-9);
}
