use super::*;

fn exact(text: &str) -> ExactUsd {
    ExactUsd::parse(text).unwrap_or_else(|| panic!("{text} is no decimal"))
}

#[test]
fn decimals_are_read_exactly_and_written_shortly() {
    for (text, want) in [
        ("0.0000025", "25e-7"),
        ("2.5e-06", "25e-7"),
        ("25E-7", "25e-7"),
        ("3.75e-8", "375e-10"),
        ("0", "0"),
        ("0.0", "0"),
        ("1.1", "11e-1"),
        ("1500", "15e2"),
        ("7", "7"),
        ("+7.0", "7"),
        ("0.0375e-6", "375e-10"),
        ("1e-21", "1e-21"),
        ("4e-22", "0"),
        ("5e-22", "1e-21"),
        ("1.5000020000000002e-05", "15000020000000002e-21"),
        ("0.0002833333333333333", "2833333333333333e-19"),
        ("1e-99", "0"),
    ] {
        assert_eq!(exact(text).decimal(), want, "{text}");
        assert_eq!(exact(want), exact(text), "{text}");
    }
}

#[test]
fn what_is_no_price_is_refused() {
    for text in ["", ".", "-1", "1e", "e5", "abc", "1.2.3", "0x1", "nan", "inf", "1e30", "1e999999999999", " 1"] {
        assert_eq!(ExactUsd::parse(text), None, "{text}");
    }
}

#[test]
fn a_sum_is_rounded_once_half_up() {
    let third = exact("3.333333333333e-13");
    assert_eq!(third.round(), Picodollars(0));
    assert_eq!(third.times(2).round(), Picodollars(1));
    assert_eq!(exact("5e-13").round(), Picodollars(1));
    assert_eq!(exact("4.999e-13").round(), Picodollars(0));
    assert_eq!(exact("0.0375e-6").times(1_000_000).round(), Picodollars(37_500_000_000));
}

#[test]
fn nothing_overflows() {
    let most = exact("99999999999").times(u64::MAX);
    assert_eq!(most.plus(most).scaled(Factor(u64::MAX)).over(Duration::MAX).round(), Picodollars(u64::MAX));
    assert_eq!(ExactUsd::ZERO.minus(most), ExactUsd::ZERO);
}

#[test]
fn factors_scale_and_say_what_they_are() {
    assert_eq!(exact("2").scaled(Factor::of(1.1).expect("a factor")).decimal(), "22e-1");
    assert_eq!(Factor::of_rate(exact("1.1")), Factor::of(1.1).expect("a factor"));
    assert_eq!(Factor::of(-0.1), None);
    assert_eq!(Factor::of(f64::NAN), None);
    assert!((exact("25e-7").usd() - 2.5e-6).abs() < f64::EPSILON);
}
