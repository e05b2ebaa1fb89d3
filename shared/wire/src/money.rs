//! Money: exact sums while a cost is worked out, whole picodollars once it is told.
//!
//! Rates and sums are integers of 1e-21 USD, finer than any price that is published; nothing is rounded between a
//! rate and the cost. A cost is rounded once, half up. Knows no model.

use std::time::Duration;

/// Places behind the point of an [`ExactUsd`].
const PLACES: i32 = 21;
const EXACT_A_PICODOLLAR: u128 = 1_000_000_000;
const NANOSECONDS: u128 = 1_000_000_000;
/// No published price has more digits; longer texts are cut here.
const DIGITS_MAX: usize = 60;

/// Whole picodollars (1e-12 USD): how a cost is told, stored and added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Picodollars(pub u64);

impl Picodollars {
    /// The same in dollars, for what speaks of money in floating point.
    pub fn usd(self) -> f64 {
        self.0 as f64 / 1e12
    }

    /// `None` for what is no amount of money: negative, infinite or no number.
    pub fn of_usd(usd: f64) -> Option<Self> {
        let picodollars = (usd * 1e12).round();
        (picodollars.is_finite() && picodollars >= 0.0).then_some(Self(picodollars as u64))
    }
}

/// A rate or a sum in units of 1e-21 USD. Sums and products saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExactUsd(u128);

impl ExactUsd {
    pub const ZERO: Self = Self(0);
    const ONE: u128 = 10u128.pow(PLACES.unsigned_abs());

    /// So many billionths of a dollar.
    pub const fn of_billionths(billionths: u64) -> Self {
        Self(billionths as u128 * (Self::ONE / 1_000_000_000))
    }

    pub const fn of(cost: Picodollars) -> Self {
        Self(cost.0 as u128 * EXACT_A_PICODOLLAR)
    }

    /// Reads a decimal, with or without exponent; what is finer than 1e-21 is rounded half up.
    ///
    /// `None` for what is no decimal, is negative, or larger than any price.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = whole.strip_prefix('+').unwrap_or(whole).bytes().chain(fraction.bytes());
        let length = whole.len() + fraction.len();
        if length == 0 || length > DIGITS_MAX || !digits.clone().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let shift = exponent.checked_add(PLACES)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        shifted(digits, shift).map(Self)
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Nothing where more is taken away than there is.
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count as u128))
    }

    pub const fn thousandth(self) -> Self {
        Self(self.0 / 1000)
    }

    pub const fn half(self) -> Self {
        Self(self.0.div_ceil(2))
    }

    /// A rate of a second, over this time.
    pub const fn over(self, time: Duration) -> Self {
        Self(self.0.saturating_mul(time.as_nanos()) / NANOSECONDS)
    }

    pub const fn scaled(self, factor: Factor) -> Self {
        Self(self.0.saturating_mul(factor.0 as u128) / Factor::ONE.0 as u128)
    }

    /// The whole picodollars, rounded half up.
    pub fn round(self) -> Picodollars {
        let picodollars = self.0.saturating_add(EXACT_A_PICODOLLAR / 2) / EXACT_A_PICODOLLAR;
        Picodollars(u64::try_from(picodollars).unwrap_or(u64::MAX))
    }

    /// The shortest decimal that [`parse`](Self::parse) reads as this: `25e-7`.
    pub fn decimal(self) -> String {
        let text = self.0.to_string();
        let digits = text.trim_end_matches('0');
        let exponent = (text.len() - digits.len()) as i32 - PLACES;
        match (digits, exponent) {
            ("", _) => "0".to_owned(),
            (_, 0) => digits.to_owned(),
            _ => format!("{digits}e{exponent}"),
        }
    }

    /// The same in dollars, where a rate is compared or shown.
    pub fn usd(self) -> f64 {
        self.decimal().parse().unwrap_or(f64::MAX)
    }
}

/// The digits as a number, moved by so many places; `None` where it is too large.
fn shifted(digits: impl Iterator<Item = u8> + Clone, shift: i32) -> Option<u128> {
    let count = i32::try_from(digits.clone().count()).ok()?;
    let kept = if shift < 0 { count.saturating_add(shift) } else { count };
    let mut value = 0u128;
    for digit in digits.clone().take(usize::try_from(kept).unwrap_or(0)) {
        value = value.checked_mul(10)?.checked_add(u128::from(digit - b'0'))?;
    }
    let next = usize::try_from(kept).ok().and_then(|kept| digits.clone().nth(kept));
    let rounds_up = shift < 0 && next.is_some_and(|digit| digit >= b'5');
    let power = if value == 0 { 1 } else { 10u128.checked_pow(u32::try_from(shift).unwrap_or(0))? };
    value.checked_mul(power)?.checked_add(u128::from(rounds_up))
}

/// A share or a multiple, in billionths: a discount of 5 %, an uplift of 1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Factor(u64);

impl Factor {
    pub const ONE: Self = Self(1_000_000_000);
    pub const ZERO: Self = Self(0);

    /// `None` for what is negative, infinite or no number.
    pub fn of(number: f64) -> Option<Self> {
        let billionths = (number * 1e9).round();
        (billionths.is_finite() && billionths >= 0.0).then_some(Self(billionths as u64))
    }

    /// A multiplier that stands among the rates.
    pub fn of_rate(rate: ExactUsd) -> Self {
        let billionths = rate.0 / (ExactUsd::ONE / u128::from(Self::ONE.0));
        Self(u64::try_from(billionths).unwrap_or(u64::MAX))
    }

    pub fn number(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

#[cfg(test)]
mod tests;
