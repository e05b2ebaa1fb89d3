//! Days and times that a request names, as filters.
//!
//! Days are UTC's, as in the daily tables.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::clock::Moment;
use crate::denial::Denial;
use crate::directory::{Filter, moment_text};
use crate::manage::Request;
use crate::{App, Error};

/// A span of days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    pub first: Date,
    pub last: Date,
}

/// The sentence for whoever names no days.
pub const MISSING: &str = "Please provide start_date and end_date";

impl Days {
    /// What the parameters `start_date` and `end_date` name.
    ///
    /// # Errors
    /// 400 where one is missing or no day, as LiteLLM's newer routes answer both.
    pub fn of(request: &Request) -> Result<Self, Error> {
        match (request.parameter("start_date"), request.parameter("end_date")) {
            (Some(first), Some(last)) => Self::parse(first, last).ok_or_else(|| {
                Denial::detail_error(400, "start_date and end_date must be valid YYYY-MM-DD dates").into()
            }),
            _ => Err(Denial::detail_error(400, MISSING).into()),
        }
    }

    /// The same, where a report must end after it begins and may not be endless.
    ///
    /// # Errors
    /// 400, also for a span of more days than that.
    pub fn bounded(request: &Request, most: i32) -> Result<Self, Error> {
        let days = Self::of(request)?;
        if days.last < days.first {
            return Err(Denial::detail_error(400, "end_date must be on or after start_date").into());
        }
        if days.count() > most {
            return Err(Denial::detail_error(400, &format!("Date range must be at most {most} days")).into());
        }
        Ok(days)
    }

    pub fn parse(first: &str, last: &str) -> Option<Self> {
        Some(Self { first: day(first)?, last: day(last)? })
    }

    /// Today and the thirty days before.
    pub fn last_month(app: &App) -> Self {
        let last = today(app);
        Self { first: last.saturating_sub(30.days()), last }
    }

    /// How many days lie between the ends.
    pub fn count(self) -> i32 {
        self.last.since(self.first).map_or(0, |span| span.get_days())
    }

    /// Of a daily table.
    pub fn filters(self) -> [Filter; 2] {
        let next = self.last.tomorrow().unwrap_or(Date::MAX);
        [Filter::From("date", self.first.to_string().into()), Filter::Below("date", next.to_string().into())]
    }

    /// Of the records of calls.
    pub fn of_records(self) -> [Filter; 2] {
        let (first, next) = (self.first.to_datetime(Time::midnight()), self.last.tomorrow().unwrap_or(Date::MAX));
        started(moment(first), moment(next.to_datetime(Time::midnight())))
    }
}

/// Calls that began from one moment on, and before another.
pub fn started(from: Moment, before: Moment) -> [Filter; 2] {
    [Filter::From("startTime", moment_text(from).into()), Filter::Below("startTime", moment_text(before).into())]
}

/// A day as `YYYY-MM-DD` and in no other way.
pub fn day(text: &str) -> Option<Date> {
    let day: Date = text.parse().ok()?;
    (day.to_string() == text).then_some(day)
}

/// A day, or a day and a time: `YYYY-MM-DD HH:MM:SS`.
pub fn time(text: &str) -> Option<Moment> {
    if let Some(day) = day(text) {
        return Some(moment(day.to_datetime(Time::midnight())));
    }
    DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok().map(moment)
}

pub fn moment(time: DateTime) -> Moment {
    let timestamp = TimeZone::UTC.to_timestamp(time).unwrap_or(Timestamp::MAX);
    Moment(u64::try_from(timestamp.as_microsecond()).unwrap_or(0))
}

pub fn today(app: &App) -> Date {
    let micros = i64::try_from(app.governance.clock.now().0).unwrap_or(0);
    let timestamp = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
    day_of(timestamp)
}

/// The day of UTC.
pub fn day_of(timestamp: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(timestamp).date()
}

/// `Jan 22`: how LiteLLM's charts name a day.
pub fn short(date: &str) -> String {
    day(date).map_or_else(|| date.to_owned(), |day| day.strftime("%b %d").to_string())
}

#[cfg(test)]
mod tests;
