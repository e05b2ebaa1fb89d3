//! A time that comes again: five fields, as crontab has them.
//!
//! As LiteLLM's scheduler reads them: a day must fit both its fields, and the week begins with Monday, 0. In UTC.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::clock::Moment;

/// Years in which the next time is looked for: long enough for a leap day.
const DAYS_MAX: u64 = 366 * 9;
const DAY: Duration = Duration::from_secs(86_400);
const MINUTE_MICROS: u64 = 60_000_000;
const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Which minutes, hours, days of the month, months and days of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: Set,
    hours: Set,
    days: Set,
    months: Set,
    weekdays: Set,
}

/// Numbers below 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Set(u64);

impl Set {
    const fn has(self, number: u64) -> bool {
        self.0 & (1 << number) != 0
    }

    fn read(text: &str, (first, last): (u64, u64), names: &[&str]) -> Option<Self> {
        let mut set = Self::default();
        for part in text.split(',') {
            let (range, step) =
                part.split_once('/').map_or((part, Some(1)), |(range, step)| (range, step.parse().ok()));
            let step = step.filter(|step| (1..=last).contains(step))?;
            let number = |text: &str| {
                let named = names.iter().position(|name| text.eq_ignore_ascii_case(name));
                let number = named.map(|place| place as u64 + first).or_else(|| text.parse().ok());
                number.filter(|number| (first..=last).contains(number))
            };
            let (from, to) = match range.split_once('-') {
                _ if range == "*" => (first, last),
                Some((from, to)) => (number(from)?, number(to)?),
                None => (number(range)?, if part.contains('/') { last } else { number(range)? }),
            };
            if from > to {
                return None;
            }
            let mut at = from;
            while at <= to {
                set.0 |= 1 << at;
                at += step;
            }
        }
        Some(set)
    }
}

impl Cron {
    /// Reads the five fields.
    pub fn read(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else { return None };
        Some(Self {
            minutes: Set::read(minutes, (0, 59), &[])?,
            hours: Set::read(hours, (0, 23), &[])?,
            days: Set::read(days, (1, 31), &[])?,
            months: Set::read(months, (1, 12), MONTHS)?,
            weekdays: Set::read(weekdays, (0, 6), DAYS)?,
        })
    }

    /// The first fitting minute after this moment.
    pub fn next(&self, now: Moment) -> Option<Moment> {
        let mut minute = Moment((now.minute() + 1) * MINUTE_MICROS);
        for _ in 0..DAYS_MAX {
            if let Some(found) = self.on_the_day_of(minute) {
                return Some(found);
            }
            let day = minute + DAY;
            minute = Moment(day.seconds() / DAY.as_secs() * DAY.as_secs() * 1_000_000);
        }
        None
    }

    /// The first fitting minute from this one on, on the same day.
    fn on_the_day_of(&self, minute: Moment) -> Option<Moment> {
        let seconds = i64::try_from(minute.seconds()).ok()?;
        let time = TimeZone::UTC.to_datetime(Timestamp::from_second(seconds).ok()?);
        let whole = |number: i8| u64::try_from(number).unwrap_or(0);
        let is_day = self.days.has(whole(time.day()))
            && self.months.has(whole(time.month()))
            && self.weekdays.has(whole(time.weekday().to_monday_zero_offset()));
        let of_day = whole(time.hour()) * 60 + whole(time.minute());
        let mut later = (of_day..24 * 60).filter(|at| self.hours.has(at / 60) && self.minutes.has(at % 60));
        let found = if is_day { later.next() } else { None };
        found.map(|at| Moment(minute.0 + (at - of_day) * MINUTE_MICROS))
    }
}
