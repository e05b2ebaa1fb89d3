//! Hours in which a model has other rates, and whether a moment falls into them.

use super::field;
use super::{Key, Unit, find};
use crate::money::ExactUsd;

const DAY_S: u64 = 86_400;
const MINUTE_S: u64 = 60;
/// The first of January 1970 was a Thursday; Monday is day 1.
const FIRST_WEEKDAY: u64 = 4;

/// The rates off peak and the windows in which they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffPeak {
    rates: Vec<(Key, ExactUsd)>,
    rules: Vec<Rule>,
    /// By how many hours the days of the week begin before UTC's.
    ahead_h: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    /// Days of the week, 1 to 7; none stands for all.
    days: Vec<u8>,
    /// Minutes of the day in UTC: from the first, up to before the second, over midnight where that is earlier.
    windows: Vec<(u64, u64)>,
}

impl OffPeak {
    pub(super) fn take(&mut self, word: &str) {
        let mut parts = word[1..].split(';');
        let head = parts.next().unwrap_or_default();
        match word.as_bytes()[0] {
            b'O' => self.rates.extend(parts.filter_map(field::rate)),
            b'H' => self.rules.push(Rule {
                days: head.bytes().map(|digit| digit.wrapping_sub(b'0')).collect(),
                windows: parts.filter_map(window).collect(),
            }),
            _ => self.ahead_h = head.parse().unwrap_or(0),
        }
    }

    pub fn rate(&self, unit: Unit) -> Option<ExactUsd> {
        find(&self.rates, Key::of(unit))
    }

    pub(crate) fn add(&mut self, unit: Unit, rate: ExactUsd) {
        self.rates.push((Key::of(unit), rate));
    }

    /// Whether this moment, in seconds since 1970 in UTC, is off peak.
    pub fn holds_at(&self, unix_s: u64) -> bool {
        let minute = unix_s % DAY_S / MINUTE_S;
        let local_s = unix_s.saturating_add(self.ahead_h * 3600);
        let weekday = ((local_s / DAY_S + FIRST_WEEKDAY - 1) % 7 + 1) as u8;
        self.rules.iter().any(|rule| {
            let is_day = rule.days.is_empty() || rule.days.contains(&weekday);
            is_day && rule.windows.iter().any(|(from, to)| is_within(minute, *from, *to))
        })
    }
}

const fn is_within(minute: u64, from: u64, to: u64) -> bool {
    if from < to { from <= minute && minute < to } else { from <= minute || minute < to }
}

/// Minutes of `16:30-00:30`.
pub(crate) fn window(text: &str) -> Option<(u64, u64)> {
    let minutes = |text: &str| {
        let (hours, minutes) = text.trim().split_once(':')?;
        let (hours, minutes) = (hours.parse::<u64>().ok()?, minutes.parse::<u64>().ok()?);
        (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
    };
    let (from, to) = text.split_once('-')?;
    Some((minutes(from)?, minutes(to)?))
}
