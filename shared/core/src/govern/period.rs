//! Periods of budgets: how they are written, and when one ends.
//!
//! Ends are LiteLLM's: aligned to the wall clock of one time zone, and not to when the budget was made. Knows no budget.

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use crate::clock::Moment;

/// A length that a budget may have: `30s`, `5m`, `24h`, `7d`, `2w`, `1mo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Period {
    count: u32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Month,
}

/// A duration that no budget can have; LiteLLM's sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid budget_duration '{0}'. Use a format like '1h', '24h', '7d', or '30d'.")]
pub struct BadPeriod(pub String);

/// A time of day that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("litellm_settings.budget_reset_time: {0:?} is no time of day: write \"HH:MM\" or \"HH:MM:SS\", in quotes")]
pub struct BadTime(String);

/// When periods end: in whose time zone, and at what time of the day.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    at: Time,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, at: Time::midnight() }
    }
}

impl Calendar {
    /// `litellm_settings.timezone`, where a zone that nobody knows is UTC as with LiteLLM, and `budget_reset_time`.
    ///
    /// # Errors
    /// [`BadTime`]: the time of day cannot be read.
    pub fn new(zone: Option<&str>, reset_time: Option<&str>) -> Result<Self, BadTime> {
        let zone = zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        let at = match reset_time.filter(|text| !text.is_empty()) {
            None => Time::midnight(),
            Some(text) => time_of(text).ok_or_else(|| BadTime(text.to_owned()))?,
        };
        Ok(Self { zone, at })
    }

    /// Whether a budget may be given this duration.
    ///
    /// # Errors
    /// [`BadPeriod`]: it is not written like one, is nothing, or ends after the end of time.
    pub fn check(&self, duration: &str, now: Moment) -> Result<(), BadPeriod> {
        let is_usable = length(duration, now).is_some_and(|length| !length.is_zero())
            && self.local(now).is_some_and(|local| self.end(Period::read(duration), local).is_some());
        if is_usable { Ok(()) } else { Err(BadPeriod(duration.to_owned())) }
    }

    /// When the period that is now ends. What cannot be read ends with the day, and what has no length at once, as
    /// with LiteLLM.
    pub fn next(&self, duration: &str, now: Moment) -> Moment {
        let period = Period::read(duration);
        if period.is_some_and(|period| period.count == 0) {
            return now;
        }
        let end = self.local(now).and_then(|local| {
            let end = self.end(period, local).or_else(|| self.end(None, local))?;
            self.moment(end, now)
        });
        end.unwrap_or_else(|| now + DAY)
    }

    /// The budget window that is now, given when it was said to end: `reset_at` of an entry of `budget_limits`. One
    /// that is over, or was never said to end, ends with the period that is now. It starts as LiteLLM tells it: its
    /// length before its end.
    pub fn window(&self, duration: &str, reset_at: Option<Moment>, now: Moment) -> (Moment, Moment) {
        let end = reset_at.filter(|end| *end > now).unwrap_or_else(|| self.next(duration, now));
        let length = length(duration, now).unwrap_or(DAY);
        (Moment(end.0.saturating_sub(u64::try_from(length.as_micros()).unwrap_or(u64::MAX))), end)
    }

    fn local(&self, now: Moment) -> Option<DateTime> {
        let timestamp = Timestamp::from_microsecond(i64::try_from(now.0).ok()?).ok()?;
        Some(self.zone.to_datetime(timestamp))
    }

    /// The moment when the clocks of the zone show this: the earlier where they do so twice, unless it is over.
    fn moment(&self, local: DateTime, now: Moment) -> Option<Moment> {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        let of = |timestamp: Timestamp| u64::try_from(timestamp.as_microsecond()).ok().map(Moment);
        let first = of(ambiguous.compatible().ok()?)?;
        if first > now { Some(first) } else { of(ambiguous.later().ok()?) }
    }

    fn end(&self, period: Option<Period>, now: DateTime) -> Option<DateTime> {
        let today = now.date();
        let Some(Period { count, unit }) = period else {
            return Some(today.tomorrow().ok()?.to_datetime(Time::midnight()));
        };
        match (unit, count) {
            (_, 0) => Some(now),
            (Unit::Day, 1) => self.occurrence(today, 1.day(), now),
            (Unit::Day, 7) => self.occurrence(monday(today)?, 7.days(), now),
            (Unit::Day, 30) => self.occurrence(today.first_of_month(), 1.month(), now),
            (Unit::Day, days) => {
                let day = today.checked_add(Span::new().try_days(i64::from(days)).ok()?).ok()?;
                Some(day.to_datetime(self.at))
            }
            (Unit::Month, months) => {
                let months = Span::new().try_months(i64::from(months)).ok()?;
                self.occurrence(today.first_of_month(), months, now)
            }
            (unit, count) => within_the_day(unit, u64::from(count), now),
        }
    }

    /// This day at the time of resets, or a period later where that is over.
    fn occurrence(&self, day: Date, period: Span, now: DateTime) -> Option<DateTime> {
        let first = day.to_datetime(self.at);
        if first > now { Some(first) } else { Some(day.checked_add(period).ok()?.to_datetime(self.at)) }
    }
}

const DAY: Duration = Duration::from_secs(86_400);

/// The next multiple, counted from the start of the next larger unit. LiteLLM never looks further than into the next
/// day, whatever the count.
fn within_the_day(unit: Unit, count: u64, now: DateTime) -> Option<DateTime> {
    let next = |shown: i8| {
        let shown = u64::from(shown.unsigned_abs());
        shown - shown % count + count
    };
    let (mut hour, mut minute, mut second) = (u64::from(now.hour().unsigned_abs()), 0, 0);
    match unit {
        Unit::Second => {
            second = next(now.second());
            minute = u64::from(now.minute().unsigned_abs()) + second / 60;
        }
        Unit::Minute => minute = next(now.minute()),
        _ => hour = next(now.hour()),
    }
    (hour, minute, second) = (hour + minute / 60, minute % 60, second % 60);
    let day = if hour < 24 { now.date() } else { now.date().tomorrow().ok()? };
    let shown = |number: u64| i8::try_from(number).ok();
    Some(day.to_datetime(Time::new(shown(hour % 24)?, shown(minute)?, shown(second)?, 0).ok()?))
}

/// The Monday that is or comes next.
fn monday(today: Date) -> Option<Date> {
    let days = (7 - today.weekday().to_monday_zero_offset()) % 7;
    today.checked_add(days.days()).ok()
}

/// How long the duration is, in months from now; as LiteLLM's `duration_in_seconds`, which takes the beginning of a
/// word for a unit.
pub fn length(duration: &str, now: Moment) -> Option<Duration> {
    let (count, letters) = split(duration)?;
    let count = u64::from(count);
    let unit = match letters.as_bytes() {
        [b'm', b'o', ..] => return months(count, now),
        [b's', ..] => 1,
        [b'm', ..] => 60,
        [b'h', ..] => 3600,
        [b'd', ..] => 86_400,
        [b'w', ..] => 604_800,
        _ => return None,
    };
    Some(Duration::from_secs(count * unit))
}

fn months(count: u64, now: Moment) -> Option<Duration> {
    let from = TimeZone::UTC.to_datetime(Timestamp::from_microsecond(i64::try_from(now.0).ok()?).ok()?);
    let until = from.checked_add(Span::new().try_months(i64::try_from(count).ok()?).ok()?).ok()?;
    let seconds = |local| Some(TimeZone::UTC.to_timestamp(local).ok()?.as_second());
    u64::try_from(seconds(until)? - seconds(from)?).ok().map(Duration::from_secs)
}

impl Period {
    /// As the ends of periods are worked out: the whole word has to be a unit.
    fn read(duration: &str) -> Option<Self> {
        let (count, letters) = split(duration)?;
        let (count, unit) = match letters {
            "s" => (count, Unit::Second),
            "m" => (count, Unit::Minute),
            "h" => (count, Unit::Hour),
            "d" => (count, Unit::Day),
            "w" => (count.checked_mul(7)?, Unit::Day),
            "mo" => (count, Unit::Month),
            _ => return None,
        };
        Some(Self { count, unit })
    }
}

/// The number and the small letters that a duration begins with.
fn split(duration: &str) -> Option<(u32, &str)> {
    let duration = match duration.trim().to_ascii_lowercase().as_str() {
        "hourly" => "1h",
        "daily" => "24h",
        "weekly" => "7d",
        "monthly" => "30d",
        _ => duration,
    };
    let digits = duration.bytes().take_while(u8::is_ascii_digit).count();
    let letters = duration.bytes().skip(digits).take_while(u8::is_ascii_lowercase).count();
    Some((duration.get(..digits)?.parse().ok()?, duration.get(digits..digits + letters)?))
}

/// `HH:MM` or `HH:MM:SS`.
fn time_of(text: &str) -> Option<Time> {
    let mut parts = text.split(':').map(|part| {
        let is_number = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<i8>().ok()).flatten()
    });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    if parts.next().is_some() { None } else { Time::new(hour, minute, second, 0).ok() }
}
